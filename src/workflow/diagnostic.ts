import type { JsonValue } from "../protocol/json.ts";
import { type Result, refuse } from "../protocol/result.ts";
import type { Diagnostic } from "../protocol/workflow.ts";
import type { Position, StarlarkError } from "../starlark/index.ts";

/** An error at a place in a program. Codes are stable, in kebab-case. */
export function problem(
  code: string,
  message: string,
  { file, line, column }: Position,
  hint?: string,
): Diagnostic {
  return { severity: "error", code, message, file, line, column, ...(hint === undefined ? {} : { hint }) };
}

/** Where a failed evaluation went wrong: the innermost call that has a place in the source. */
export function problemOf(error: StarlarkError, file: string): Diagnostic {
  const frame = error.traceback.findLast(({ line }) => line > 0);
  const code = error.code.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  return problem(code, error.message, frame ?? { file, line: 1, column: 1 });
}

/** `invalid_workflow`, all that was found in `details.diagnostics`. */
export function invalidWorkflow(diagnostics: readonly Diagnostic[]): Result<never> {
  const [first] = diagnostics;
  const place = first ? `${first.file}:${first.line}:${first.column}: ${first.message}` : "it does not load";
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
  return refuse("invalid_workflow", `${place}${more}`, {
    diagnostics: diagnostics.map((diagnostic) => ({ ...diagnostic }) as JsonValue),
  });
}
