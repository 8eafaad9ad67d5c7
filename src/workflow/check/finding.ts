import type { Diagnostic } from "../../protocol/workflow.ts";
import type { SourceFile } from "../../starlark/index.ts";
import { type RuleId, ruleOf, type Severity } from "./rules.ts";

/** Replaces the text between two offsets. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

export interface Finding extends Omit<Diagnostic, "severity"> {
  severity: Severity;
  /** What mends it for certain. Its edits do not overlap. */
  fix?: { title: string; edits: Edit[] };
}

interface Place {
  start: number;
  end: number;
}

/** Where the rules put what they find in one file. */
export class Report {
  readonly findings: Finding[] = [];
  private readonly text: SourceFile;

  constructor(text: SourceFile) {
    this.text = text;
  }

  add(rule: RuleId, message: string, at: Place, more: Pick<Finding, "hint" | "fix"> = {}): void {
    const from = this.text.position(at.start);
    const to = this.text.position(at.end);
    this.findings.push({
      severity: ruleOf(rule)?.severity ?? "error",
      code: rule,
      message,
      ...from,
      endLine: to.line,
      endColumn: to.column,
      ...more,
    });
  }
}
