// Findings as SARIF 2.1.0, the format in which code hosts and editors take the results of static analysis.
// The types are the published schema's, so that what is written here is what readers of the format expect.
import type { Log, Region, Replacement, ReportingDescriptor, Result } from "sarif";
import { type Edit, type Finding, type Rule, rules } from "../src/workflow/check/index.ts";

/** One log with one run. Columns count UTF-16 code units from 1; files are relative to the working directory. */
export function sarifLog(
  findings: readonly Finding[],
  sources: Readonly<Record<string, string>>,
  version: string,
): Log {
  const known = new Map<string, Rule | undefined>(Object.entries(rules));
  // What the language itself refuses has no rule of the checker's.
  for (const { code } of findings) if (!known.has(code)) known.set(code, undefined);
  const ids = [...known.keys()];
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "sluice workflow check",
            semanticVersion: version,
            rules: ids.map((id) => descriptor(id, known.get(id))),
          },
        },
        columnKind: "utf16CodeUnits",
        artifacts: Object.keys(sources).map((path) => ({ location: { uri: uriOf(path) } })),
        results: findings.map((finding) =>
          result(finding, ids.indexOf(finding.code), sources[finding.file] ?? ""),
        ),
      },
    ],
  };
}

function descriptor(id: string, rule: Rule | undefined): ReportingDescriptor {
  if (rule === undefined) return { id, defaultConfiguration: { level: "error" } };
  return {
    id,
    shortDescription: { text: `${rule.title}.` },
    help: { text: rule.help.replaceAll("`", ""), markdown: rule.help },
    defaultConfiguration: { level: rule.severity },
  };
}

function result(finding: Finding, ruleIndex: number, source: string): Result {
  const { code, severity, message, hint, file, line, column, endLine, endColumn, fix } = finding;
  const region: Region = {
    startLine: line,
    startColumn: column,
    endLine: endLine ?? line,
    endColumn: Math.max(endColumn ?? 0, endLine === undefined || endLine === line ? column : 1),
  };
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: hint === undefined ? message : `${message} (${hint})` },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region } }],
    ...(fix === undefined
      ? {}
      : {
          fixes: [
            {
              description: { text: fix.title },
              artifactChanges: [
                {
                  artifactLocation: { uri: uriOf(file) },
                  replacements: fix.edits.map((edit) => replacement(edit, source)),
                },
              ],
            },
          ],
        }),
  };
}

function replacement({ start, end, text }: Edit, source: string): Replacement {
  const from = place(source, start);
  const to = place(source, end);
  const deletedRegion: Region = {
    startLine: from.line,
    startColumn: from.column,
    endLine: to.line,
    endColumn: to.column,
  };
  return { deletedRegion, ...(text === "" ? {} : { insertedContent: { text } }) };
}

function place(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function uriOf(path: string): string {
  return path.split(/[\\/]/).map(encodeURIComponent).join("/");
}
