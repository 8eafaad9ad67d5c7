// The reference of what a workflow file can call, as Markdown.
import type { Surface, SurfaceFunction, SurfaceParameter } from "../surface/surface.ts";
import { signatureText } from "./signature-text.ts";

export function referencePage({ topLevel, workflowObject, library, modules }: Surface): string {
  return [
    "# Reference of workflow files",
    "Everything that a workflow file can call, besides Starlark itself. How it goes together: [workflows.md](workflows.md).",
    "## The workflow object `w`",
    ...workflowObject.flatMap(functionText),
    "## At top level",
    ...topLevel.flatMap(functionText),
    "## Library",
    ...library.flatMap(functionText),
    ...modules.flatMap(({ name, summary, functions, constants }) => [
      `## Module \`${name}\``,
      summary,
      ...functions.flatMap(functionText),
      ...(constants.length === 0
        ? []
        : [constants.map((constant) => `- \`${constant.name}\`: ${constant.doc}`).join("\n")]),
    ]),
  ].join("\n\n");
}

function functionText(fn: SurfaceFunction): string[] {
  return [
    `### \`${fn.name}\``,
    ["```python", signatureText(fn), "```"].join("\n"),
    [fn.summary, fn.details].filter(Boolean).join(" "),
    ...(fn.parameters.length === 0
      ? []
      : [["| argument | |", "|---|---|", ...fn.parameters.map(row)].join("\n")]),
    ...(fn.returns === undefined ? [] : [`Returns: ${lowerFirst(fn.returns)}`]),
  ];
}

function row(parameter: SurfaceParameter): string {
  const stars = { star: "*", starstar: "**" }[parameter.form as string] ?? "";
  const extra = [
    ...(parameter.choices === undefined
      ? []
      : [`One of ${parameter.choices.map((choice) => `\`"${choice}"\``).join(", ")}.`]),
    ...(parameter.default === undefined ? [] : [`Default: ${inCode(parameter.default)}.`]),
  ];
  const needed = parameter.isRequired ? "" : " (optional)";
  const text = [parameter.doc, ...extra].join(" ").replaceAll("|", "\\|");
  return `| \`${stars}${parameter.name}\`${stars === "" ? needed : ""} | ${text} |`;
}

/** Defaults that are words stay words. */
function inCode(text: string): string {
  return /[\s']/.test(text) && !text.startsWith('"') ? text : `\`${text}\``;
}

/** A sentence after a colon; names and acronyms keep their letters. */
function lowerFirst(text: string): string {
  return /^(The|A|An|What|Their|Bytes|Whether) ?/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}
