// Stubs for editors: Python files that declare what a workflow file can call, as starlark-lsp takes them with
// `--builtin-paths`. A file is a module; `w` is one, so that completion after `w.` works in every function.
import type { Surface, SurfaceFunction, SurfaceParameter } from "../surface/surface.ts";
import { defaultText, parameterTexts } from "./signature-text.ts";

/** The files by name. */
export function stubFiles({ topLevel, workflowObject, library, modules }: Surface): Record<string, string> {
  const files: Record<string, string> = {
    "__init__.py": stubFile("What workflow files of Sluice know at top level.", [...topLevel, ...library]),
    "w.py": stubFile("The workflow object that every handler gets as its first argument.", workflowObject),
  };
  for (const { name, summary, functions, constants } of modules) {
    const values = constants.map((constant) => `${shortName(constant.name)} = None\n"""${constant.doc}"""\n`);
    files[`${name}.py`] = [stubFile(summary, functions), ...values].join("\n");
  }
  return files;
}

function stubFile(summary: string, functions: readonly SurfaceFunction[]): string {
  return [`"""${summary}"""\n`, ...functions.map(stub)].join("\n");
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function stub(fn: SurfaceFunction): string {
  const result = fn.returns === undefined ? " -> None" : "";
  const described = fn.parameters.map((parameter) => `        ${parameter.name}: ${text(parameter)}`);
  return [
    `def ${shortName(fn.name)}(${parameterTexts(fn, declared).join(", ")})${result}:`,
    `    """${fn.summary}`,
    ...(fn.details === undefined ? [] : ["", `    ${fn.details}`]),
    ...(described.length === 0 ? [] : ["", "    Args:", ...described]),
    ...(fn.returns === undefined ? [] : ["", "    Returns:", `        ${fn.returns}`]),
    '    """',
    "    pass",
    "",
  ].join("\n");
}

function text({ doc, choices, default: fallback }: SurfaceParameter): string {
  return [
    doc,
    ...(choices === undefined ? [] : [`One of ${choices.map((choice) => `"${choice}"`).join(", ")}.`]),
    ...(fallback === undefined ? [] : [`Default: ${fallback}.`]),
  ].join(" ");
}

const types: Readonly<Record<string, string>> = { string: "str", callable: "Callable", iterable: "Iterable" };

function declared(parameter: SurfaceParameter): string {
  const kinds = parameter.kind.split(" or ").map((kind) => types[kind] ?? kind);
  const type = parameter.meaning === "duration" ? "int | float | str" : kinds.join(" | ");
  const annotated = type === "any" ? parameter.name : `${parameter.name}: ${type}`;
  return parameter.isRequired ? annotated : `${annotated} = ${defaultText(parameter)}`;
}
