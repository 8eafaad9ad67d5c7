// Shows what is wrong with a script where it is wrong: the line, a caret, and what to do.
import pc from "picocolors";
import type { Finding } from "../src/workflow/check/index.ts";
import { printable } from "./output.ts";

const paints = { error: pc.red, warning: pc.yellow, note: pc.cyan };
/** Longer lines are shown around the place. */
const MAX_SHOWN = 120;

function renderDiagnostic(diagnostic: Finding, source: string | undefined): string {
  const { file, line, column, severity, message, code, hint, fix } = diagnostic;
  const paint = paints[severity];
  const lines = [
    `${pc.bold(`${file}:${line}:${column}`)}: ${paint(severity)}: ${printable(message)} ${pc.dim(`(${code})`)}`,
  ];
  const text = source?.split("\n")[line - 1]?.replace(/\r$/, "");
  if (text !== undefined && text.trim() !== "") {
    const isLong = column > MAX_SHOWN - 20;
    const from = isLong ? column - 41 : 0;
    const shown = text.slice(from, from + MAX_SHOWN);
    const at = column - 1 - from;
    // What goes over several lines is marked to the end of the first.
    const ends = (diagnostic.endLine ?? line) > line ? text.length + 1 : (diagnostic.endColumn ?? column + 1);
    const width = Math.max(1, Math.min(ends - column, shown.length - at));
    // A tab in front of the caret keeps it under its column.
    const indent = shown.slice(0, at).replace(/[^\t]/g, " ");
    const gutter = String(line).padStart(5);
    lines.push(
      `${pc.dim(`${gutter} |`)} ${printable(shown)}`,
      `${pc.dim(`${" ".repeat(gutter.length)} |`)} ${indent}${paint("^".repeat(width))}`,
    );
  }
  const advice = [...(hint ? [printable(hint)] : []), ...(fix ? [`${fix.title.toLowerCase()}: --fix`] : [])];
  for (const line of advice) lines.push(`      ${pc.dim("=")} ${line}`);
  return lines.join("\n");
}

export function renderDiagnostics(
  diagnostics: readonly Finding[],
  files: Readonly<Record<string, string>>,
): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, files[diagnostic.file])).join("\n\n");
}
