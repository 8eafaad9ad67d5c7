// What mends a finding for certain: the program does the same before and after.
import { type ast, blocksOf, childrenOf } from "../../starlark/index.ts";
import type { Edit, Finding } from "./finding.ts";
import type { ParsedFile } from "./parsed-file.ts";

/**
 * Gives findings of the language's own checks the fix they can have. `othersDeclare`: other files of the program may
 * declare triggers, so that loading them does something.
 */
export function withFixes(findings: readonly Finding[], file: ParsedFile, othersDeclare: boolean): Finding[] {
  const { text } = file.parsed;
  return findings.map((finding) => {
    const isAt = (node: ast.Name) => {
      const { line, column } = text.position(node.start);
      return line === finding.line && column === finding.column;
    };
    const edits =
      finding.code === "unused-load"
        ? loadEdits(file, findings, isAt, othersDeclare)
        : finding.code === "unused-variable"
          ? assignmentEdits(file, isAt)
          : undefined;
    return edits === undefined ? finding : { ...finding, fix: { title: titles[finding.code] ?? "", edits } };
  });
}

const titles: Readonly<Record<string, string>> = {
  "unused-load": "Remove the unused name",
  "unused-variable": "Remove the unused variable",
};

/** The whole lines of a statement that has them to itself, else just its text. */
function removal(text: string, { start, end }: { start: number; end: number }): Edit {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", end);
  const lineEnd = newline < 0 ? text.length : newline + 1;
  const isAlone = text.slice(lineStart, start).trim() === "" && text.slice(end, lineEnd).trim() === "";
  return isAlone ? { start: lineStart, end: lineEnd, text: "" } : { start, end, text: "pass" };
}

function loadEdits(
  { parsed }: ParsedFile,
  findings: readonly Finding[],
  isAt: (name: ast.Name) => boolean,
  othersDeclare: boolean,
): Edit[] | undefined {
  const { text } = parsed.text;
  const isUnused = ({ local }: { local: ast.Name }) => {
    const { line, column } = parsed.text.position(local.start);
    return findings.some(
      (other) => other.code === "unused-load" && other.line === line && other.column === column,
    );
  };
  for (const statement of parsed.tree.body) {
    if (statement.kind !== "load") continue;
    const index = statement.bindings.findIndex(({ local }) => isAt(local));
    const binding = statement.bindings[index];
    if (binding === undefined) continue;
    if (statement.bindings.every(isUnused)) {
      // Loading a file also declares its triggers. The first name's fix takes the statement away.
      return othersDeclare || index > 0 ? undefined : [removal(text, statement)];
    }
    const before = statement.bindings[index - 1];
    const start = before === undefined ? statement.module.end : endOf(before);
    const end = endOf(binding);
    // With escapes in the name, or comments in between, its place is not that plain.
    const isPlain = /["']/.test(text[end - 1] ?? "") && !text.slice(start, end).includes("#");
    return isPlain ? [{ start, end, text: "" }] : undefined;
  }
  return undefined;
}

/** Behind the closing quote. */
function endOf(binding: { original: string; originalStart: number }): number {
  return binding.originalStart + binding.original.length + 2;
}

function assignmentEdits(file: ParsedFile, isAt: (name: ast.Name) => boolean): Edit[] | undefined {
  const statement = file.statements.find(
    (candidate) => candidate.kind === "assign" && candidate.target.kind === "name" && isAt(candidate.target),
  );
  if (statement?.kind !== "assign" || statement.operator !== undefined) return undefined;
  const { start, end, value } = statement;
  // A call may do something: it stays, only its result is no longer kept.
  if (value.kind === "call") return [{ start, end: value.start, text: "" }];
  if (mayDoSomething(value)) return undefined;
  const block = blocksIn(file).find((candidate) => candidate.includes(statement)) ?? [];
  // A block cannot be empty.
  return [block.length > 1 ? removal(file.parsed.text.text, statement) : { start, end, text: "pass" }];
}

function blocksIn({ functions, statements }: ParsedFile): (readonly ast.Statement[])[] {
  return [...functions.map(({ body }) => body), ...statements.flatMap(blocksOf)];
}

/** Whether evaluating an expression can call something or fail. */
function mayDoSomething(node: ast.Expression): boolean {
  const isSafe = ["name", "int", "float", "string", "bytes", "list", "tuple", "lambda"].includes(node.kind);
  return !isSafe || childrenOf(node).some(mayDoSomething);
}

/** Applies the fixes of one file's findings; fixes that overlap with one before wait for the next round. */
export function applyFixes(
  source: string,
  findings: readonly Finding[],
): { source: string; applied: number } {
  const chosen: Edit[] = [];
  let applied = 0;
  for (const { fix } of findings) {
    if (fix === undefined) continue;
    const isFree = fix.edits.every(
      (edit) => !chosen.some((other) => edit.start < other.end && other.start < edit.end),
    );
    if (!isFree) continue;
    chosen.push(...fix.edits);
    applied++;
  }
  let result = source;
  for (const { start, end, text } of chosen.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end);
  }
  return { source: result, applied };
}
