// Shows what is wrong with a script where it is wrong: the line, a caret, and what to do.
import pc from "picocolors";
import type { Diagnostic } from "../src/protocol/workflow.ts";
import { printable } from "./output.ts";

function renderDiagnostic(diagnostic: Diagnostic, source: string | undefined): string {
  const { file, line, column, severity, message, code, hint } = diagnostic;
  const paint = severity === "error" ? pc.red : pc.yellow;
  const lines = [
    `${pc.bold(`${file}:${line}:${column}`)}: ${paint(severity)}: ${printable(message)} ${pc.dim(`(${code})`)}`,
  ];
  const text = source?.split("\n")[line - 1];
  if (text !== undefined) {
    const end = diagnostic.endLine === line && diagnostic.endColumn ? diagnostic.endColumn : column + 1;
    // A tab in front of the caret keeps it under its column.
    const indent = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    lines.push(`  ${printable(text)}`, `  ${indent}${paint("^".repeat(Math.max(1, end - column)))}`);
  }
  if (hint) lines.push(`  ${pc.dim(printable(hint))}`);
  return lines.join("\n");
}

export function renderDiagnostics(diagnostics: Diagnostic[], files: Record<string, string>): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, files[diagnostic.file])).join("\n");
}
