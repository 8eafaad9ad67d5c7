// Docstrings in the form that buildifier and Google's style know: a summary, paragraphs, and the sections `Args:`,
// `Returns:`, `Raises:` and the like, whose lines are indented.
import type { ast } from "../../starlark/index.ts";

export interface DescribedParameter {
  /** Without stars. */
  name: string;
  text: string;
  /** Offset of its line in the docstring's text. */
  offset: number;
}

export interface Docstring {
  /** The first paragraph, on one line. */
  summary: string;
  /** What follows it, sections excluded, as Markdown. */
  details: string;
  parameters: readonly DescribedParameter[];
  /** Text of `Returns:`, as Markdown; "" where there is none. */
  returns: string;
  /** The other sections, by title. */
  sections: readonly { title: string; text: string }[];
}

const sectionPattern =
  /^(Args|Arguments|Returns|Yields|Raises|Errors|Example|Examples|Note|Notes|Deprecated):\s*$/;
const parameterPattern = /^\*{0,2}(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)$/;

/** The docstring of a body: a string that stands first in it. */
export function docstringOf(body: readonly ast.Statement[]): ast.StringLiteral | undefined {
  const [first] = body;
  return first?.kind === "expression" && first.expression.kind === "string" ? first.expression : undefined;
}

interface Line {
  text: string;
  indent: number;
  offset: number;
}

/** Reads a docstring's text. Indentation common to all lines but the first does not count. */
export function readDocstring(text: string): Docstring {
  const lines = linesOf(text);
  const intro: Line[] = [];
  const sections: { title: string; lines: Line[] }[] = [];
  for (const line of lines) {
    const title = line.indent === 0 ? sectionPattern.exec(line.text)?.[1] : undefined;
    const section = sections.at(-1);
    if (title !== undefined) sections.push({ title, lines: [] });
    // What is not indented ends a section: it belongs to the description again.
    else if (section === undefined || (line.indent === 0 && line.text !== "")) intro.push(line);
    else section.lines.push(line);
  }
  const end = intro.findIndex(({ text: content }) => content === "");
  const summary = end < 0 ? intro : intro.slice(0, end);
  const ofTitle = (...titles: string[]) => sections.filter(({ title }) => titles.includes(title));
  return {
    summary: summary.map((line) => line.text).join(" "),
    details: end < 0 ? "" : blockOf(intro.slice(end)),
    parameters: ofTitle("Args", "Arguments").flatMap(({ lines: described }) => parametersOf(described)),
    returns: ofTitle("Returns", "Yields")
      .map(({ lines: described }) => blockOf(described))
      .join("\n\n"),
    sections: sections
      .filter(({ title }) => !["Args", "Arguments", "Returns", "Yields"].includes(title))
      .map(({ title, lines: described }) => ({ title, text: blockOf(described) })),
  };
}

function linesOf(text: string): Line[] {
  let offset = 0;
  const lines = text.split("\n").map((raw) => {
    const content = raw.trim();
    const line = { text: content, indent: raw.length - raw.trimStart().length, offset };
    offset += raw.length + 1;
    return line;
  });
  const indents = lines.slice(1).flatMap(({ text: content, indent }) => (content === "" ? [] : [indent]));
  const common = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return lines.map((line, index) => ({
    ...line,
    indent: index === 0 ? 0 : Math.max(0, line.indent - common),
  }));
}

/** Lines as a block of text, less the indentation they share. */
function blockOf(lines: readonly Line[]): string {
  const common = Math.min(...lines.filter(({ text }) => text !== "").map(({ indent }) => indent));
  return lines
    .map(({ text, indent }) => (text === "" ? "" : " ".repeat(indent - common) + text))
    .join("\n")
    .trim();
}

function parametersOf(lines: readonly Line[]): DescribedParameter[] {
  const parameters: DescribedParameter[] = [];
  const common = Math.min(...lines.filter(({ text }) => text !== "").map(({ indent }) => indent));
  for (const { text, indent, offset } of lines) {
    const match = indent === common ? parameterPattern.exec(text) : null;
    const last = parameters.at(-1);
    if (match?.[1] !== undefined) parameters.push({ name: match[1], text: match[2] ?? "", offset });
    else if (last !== undefined && text !== "") last.text = `${last.text} ${text}`.trim();
  }
  return parameters;
}
