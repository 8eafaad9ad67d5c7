// The page of a workflow or library file, made from its docstrings, as Markdown.
import { type ast, parse } from "../../starlark/index.ts";
import { predeclared } from "../predeclared.ts";
import { surface } from "../surface/surface.ts";
import { docstringOf, readDocstring } from "./docstring.ts";

export interface FilePageOptions {
  /** Level of the page's own heading, 1 to 4. Default 1. */
  level?: number;
}

/**
 * What a file is for, its triggers, and its public functions with their parameters. What has no docstring is listed
 * with its signature. Never fails: of a file with syntax errors, the sound statements are described.
 */
export function filePage(file: string, source: string, { level = 1 }: FilePageOptions = {}): string {
  const { tree, text } = parse(source, { file, predeclared: Object.keys(predeclared) });
  const heading = (depth: number, title: string) => `${"#".repeat(level + depth)} ${title}`;
  const sourceOf = ({ start, end }: { start: number; end: number }) => text.text.slice(start, end);
  const docstring = docstringOf(tree.body);
  const triggers = tree.body.flatMap((statement) =>
    statement.kind === "expression" ? triggerText(statement.expression, sourceOf) : [],
  );
  const functions = tree.body.flatMap((statement) =>
    statement.kind === "def" && !statement.name.name.startsWith("_") ? [statement.function] : [],
  );
  return [
    heading(0, `\`${file}\``),
    ...(docstring === undefined ? [] : descriptionOf(docstring.value)),
    ...(triggers.length === 0 ? [] : [heading(1, "Triggers"), triggers.join("\n")]),
    ...functions.flatMap((fn) => [heading(1, `\`${fn.name}\``), ...functionText(fn, sourceOf)]),
  ].join("\n\n");
}

/** The functions that declare triggers: those that take a handler. */
const declaring = new Map(
  surface.topLevel
    .filter(({ parameters }) => parameters.some(({ meaning }) => meaning === "handler"))
    .map(({ name, parameters }) => [name, parameters]),
);

type SourceOf = (node: { start: number; end: number }) => string;

function triggerText(node: ast.Expression, sourceOf: SourceOf): string[] {
  if (node.kind !== "call" || node.callee.kind !== "name") return [];
  const parameters = declaring.get(node.callee.name);
  if (parameters === undefined) return [];
  const given = node.arguments.map((argument, index) => ({
    name: argument.kind === "positional" ? parameters[index]?.name : argument.name?.name,
    text: valueText(argument, sourceOf),
  }));
  const handler = given.find(({ name }) => name === "handler");
  const conditions = given
    .filter((argument) => argument !== handler)
    .map(({ name, text }) => (name === undefined ? `\`${text}\`` : `${name} \`${text}\``));
  const declared = [node.callee.name, ...(conditions.length === 0 ? [] : [conditions.join(", ")])].join(": ");
  return [`- ${declared} → \`${handler?.text ?? "?"}\``];
}

/** What is written of an argument or a parameter without its name. Its value's own node lacks parentheses around it. */
function valueText({ name, start, end }: ast.Argument | ast.Parameter, sourceOf: SourceOf): string {
  if (name === undefined) return oneLine(sourceOf({ start, end }));
  return oneLine(sourceOf({ start: name.end, end }).replace(/^\s*=\s*/, ""));
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

function descriptionOf(text: string): string[] {
  const { summary, details, sections } = readDocstring(text);
  return [
    ...(summary === "" ? [] : [summary]),
    ...(details === "" ? [] : [details]),
    ...sections.map((section) => `**${section.title}:** ${section.text}`),
  ];
}

function functionText(fn: ast.FunctionNode, sourceOf: SourceOf): string[] {
  const signature = [
    "```python",
    `${fn.name}(${fn.parameters.map(parameterText(sourceOf)).join(", ")})`,
    "```",
  ];
  const docstring = docstringOf(fn.body);
  if (docstring === undefined) return [signature.join("\n")];
  const { parameters, returns } = readDocstring(docstring.value);
  const rows = parameters.map(({ name, text }) => `| \`${name}\` | ${text.replaceAll("|", "\\|")} |`);
  return [
    signature.join("\n"),
    ...descriptionOf(docstring.value),
    ...(rows.length === 0 ? [] : [["| argument | |", "|---|---|", ...rows].join("\n")]),
    ...(returns === "" ? [] : [`Returns: ${returns}`]),
  ];
}

function parameterText(sourceOf: SourceOf) {
  return (parameter: ast.Parameter): string => {
    const { kind, name, defaultValue } = parameter;
    const stars = kind === "star" ? "*" : kind === "starstar" ? "**" : "";
    const value = defaultValue === undefined ? "" : ` = ${valueText(parameter, sourceOf)}`;
    return `${stars}${name?.name ?? ""}${value}`;
  };
}
