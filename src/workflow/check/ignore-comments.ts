// `# sluice: ignore[rule, …]`: at the end of a line for that line, on a line of its own for the next one.
import { nearestName } from "../../starlark/index.ts";
import { type Finding, Report } from "./finding.ts";
import type { ParsedFile } from "./parsed-file.ts";
import { ruleOf, rules } from "./rules.ts";

interface Comment {
  start: number;
  end: number;
  /** The line it speaks of. */
  line: number;
  rules: readonly string[];
}

const pattern = /#[ \t]*sluice:[ \t]*ignore(?:\[([^\]\n]*)\])?/g;

/** Takes out what comments ignore, and notes comments that ignore nothing. */
export function withoutIgnored(findings: readonly Finding[], file: ParsedFile): Finding[] {
  const comments = commentsOf(file);
  if (comments.length === 0) return [...findings];
  const used = new Set<string>();
  const key = ({ start }: Comment, rule: string) => `${start}:${rule}`;
  const kept = findings.filter(({ code, line }) => {
    const comment = comments.find((candidate) => candidate.line === line && candidate.rules.includes(code));
    if (comment === undefined) return true;
    used.add(key(comment, code));
    return false;
  });
  const report = new Report(file.parsed.text);
  for (const comment of comments) {
    if (comment.rules.length === 0) {
      report.add("unknown-rule", "say which rule to ignore", comment, { hint: "# sluice: ignore[rule]" });
    }
    for (const rule of comment.rules) {
      if (ruleOf(rule) === undefined) {
        const nearest = nearestName(rule, Object.keys(rules));
        report.add("unknown-rule", `there is no rule ${rule}`, comment, {
          ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
        });
      } else if (!used.has(key(comment, rule))) {
        const isOnly = comment.rules.length === 1;
        report.add("unused-ignore", `there is no ${rule} to ignore here`, comment, {
          ...(isOnly ? { fix: { title: "Remove the comment", edits: [removal(file, comment)] } } : {}),
        });
      }
    }
  }
  return [...kept, ...report.findings];
}

/** The comment with the space before it; its whole line where it has one to itself. */
function removal({ parsed }: ParsedFile, { start }: Comment) {
  const { text } = parsed.text;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", start);
  const lineEnd = newline < 0 ? text.length : newline;
  const before = text.slice(lineStart, start).trimEnd();
  if (before === "") return { start: lineStart, end: Math.min(lineEnd + 1, text.length), text: "" };
  return { start: lineStart + before.length, end: lineEnd, text: "" };
}

function commentsOf({ parsed, expressions, statements }: ParsedFile): Comment[] {
  const { text } = parsed;
  const strings = [
    ...expressions.flatMap(({ node }) => (node.kind === "string" || node.kind === "bytes" ? [node] : [])),
    ...statements.flatMap((statement) => (statement.kind === "load" ? [statement.module] : [])),
  ];
  return [...text.text.matchAll(pattern)].flatMap((match): Comment[] => {
    const start = match.index;
    if (strings.some((node) => node.start <= start && start < node.end)) return [];
    const line = text.line(start);
    const lineStart = text.text.lastIndexOf("\n", start - 1) + 1;
    const isAlone = text.text.slice(lineStart, start).trim() === "";
    const names = (match[1] ?? "").split(",").map((name) => name.trim());
    return [
      {
        start,
        end: start + match[0].length,
        line: isAlone ? nextLine(text.text, start, line) : line,
        rules: names.filter((name) => name !== ""),
      },
    ];
  });
}

/** The first line after an offset that is neither empty nor a comment. */
function nextLine(text: string, offset: number, line: number): number {
  const following = text.slice(offset).split("\n").slice(1);
  const distance = following.findIndex((candidate) => !/^\s*(#.*)?$/.test(candidate));
  return line + 1 + Math.max(0, distance);
}
