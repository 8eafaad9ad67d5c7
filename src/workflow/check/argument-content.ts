// Does an argument that is spelt out make sense: is it a choice there is, a length of time, an event's type, …?
import { parseFunctionReference } from "../../protocol/function-reference.ts";
import { type ast, nearestName, StarlarkError, typeName } from "../../starlark/index.ts";
import { eventTypeProblem } from "../event-type.ts";
import type { Meaning as ArgumentMeaning } from "../surface/entry.ts";
import type { SurfaceFunction } from "../surface/surface.ts";
import { durationArgument } from "../w/duration.ts";
import { retryArgument } from "../w/retry-argument.ts";
import { sensitiveArgument } from "../w/sensitive-argument.ts";
import type { Report } from "./finding.ts";
import type { RuleId } from "./rules.ts";
import type { SpeltOut } from "./spelt-out.ts";

export interface ContentContext {
  report: Report;
  checkFilter(text: string): string | undefined;
  checkKey(text: string): string | undefined;
}

export function checkContent(
  context: ContentContext,
  fn: SurfaceFunction,
  parameterName: string,
  argument: ast.Expression,
  { value }: SpeltOut,
): void {
  const parameter = fn.parameters.find(({ name }) => name === parameterName);
  if (parameter === undefined) return;
  const { choices, meaning } = parameter;
  if (choices !== undefined && typeof value === "string" && !choices.includes(value)) {
    const nearest = nearestName(value, choices);
    context.report.add(
      "invalid-choice",
      `${fn.name}: ${parameterName} must be ${choices.map((choice) => `"${choice}"`).join(" or ")}, got "${value.slice(0, 40)}"`,
      argument,
      nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
    );
  }
  const problem =
    meaning === undefined ? undefined : contentProblem(context, meaning, fn.name, parameterName, value);
  if (problem !== undefined) context.report.add(problem.rule, problem.message, argument);
}

function contentProblem(
  { checkFilter, checkKey }: ContentContext,
  meaning: ArgumentMeaning,
  fn: string,
  parameter: string,
  value: SpeltOut["value"],
): { rule: RuleId; message: string } | undefined {
  switch (meaning) {
    case "duration":
      return refusal("invalid-duration", () => durationArgument(fn, parameter, value));
    // Nothing that is spelt out is a moment.
    case "moment":
      return {
        rule: "wrong-argument-type",
        message: `${fn}: for parameter ${parameter}: got ${typeName(value)}, want time.time`,
      };
    case "retry":
      return refusal("invalid-retry", () => retryArgument(value));
    case "places":
      return refusal("invalid-sensitive", () => sensitiveArgument(fn, value, undefined));
    case "function-reference": {
      const parsed = parseFunctionReference(String(value));
      return parsed.ok ? undefined : { rule: "invalid-reference", message: `${fn}: ${parsed.error.message}` };
    }
    case "event-type":
      return worded("invalid-event-type", fn, eventTypeProblem(String(value)));
    case "event-key":
      return worded("invalid-key", fn, checkKey(String(value)));
    case "event-filter":
      return worded("invalid-filter", fn, checkFilter(String(value)));
    case "handler":
      return undefined;
  }
}

function worded(rule: RuleId, fn: string, problem: string | undefined) {
  return problem === undefined ? undefined : { rule, message: `${fn}: ${problem}` };
}

/** What the function itself would say at run time. */
function refusal(rule: RuleId, read: () => unknown): { rule: RuleId; message: string } | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof StarlarkError)
      return { rule, message: error.message.replace(/^(run|start):/, "w.$1:") };
    throw error;
  }
}
