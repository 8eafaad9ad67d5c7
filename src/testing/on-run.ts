// `t.on_run(…)`: from what a test writes to a rule, and the rule as the test sees it.
import { parseFunctionReference } from "../protocol/function-reference.ts";
import type { JobOutcome } from "../protocol/job.ts";
import type { JsonObject } from "../protocol/json.ts";
import {
  Fiber,
  type FiberOptions,
  fromJson,
  HostObject,
  StarlarkDict,
  StarlarkError,
  StarlarkFunction,
  StarlarkList,
  StarlarkStruct,
  truth,
  typeName,
  type Value,
} from "../starlark/index.ts";
import { isSameJson } from "../workflow/canonical-json.ts";
import { durationArgument, jsonObjectArgument } from "../workflow/index.ts";
import type { CallRule } from "./call-rules.ts";

export const onRunSignature =
  "step: string, returns??, fails??, *, lost??: bool, takes??, holds??, rejects??, inputs??, environment??: string, times??: index";

/** In the order of the signature. */
export type OnRunArguments = [
  step: string,
  returns?: Value,
  fails?: Value,
  lost?: boolean,
  takes?: Value,
  holds?: Value,
  rejects?: Value,
  inputs?: Value,
  environment?: string,
  times?: number,
];

function invalid(message: string): StarlarkError {
  return new StarlarkError(`t.on_run: ${message}`, { code: "InvalidRule" });
}

/**
 * Makes something of what a function of the test returns, while the world waits for it. It is called when a run makes a
 * call, whoever is asked then: what it does wrong ends the test, and is no error for the run or the test to catch.
 */
function callNow<T>(fn: Value, inputs: JsonObject, options: FiberOptions, then: (returned: Value) => T): T {
  try {
    const state = new Fiber(fn, [fromJson(inputs)], [], options).run();
    if (state.kind === "failed") throw state.error;
    if (state.kind === "suspended") throw invalid("a function of a rule cannot wait");
    return then(state.value);
  } catch (error) {
    if (!(error instanceof StarlarkError) || error.uncatchable) throw error;
    const { code, message, details, traceback } = error;
    const ending = new StarlarkError(message, { code, details, uncatchable: true, cause: error });
    ending.traceback = traceback;
    throw ending;
  }
}

function isCallable(value: Value): boolean {
  return value instanceof StarlarkFunction;
}

function checkStep(step: string): void {
  if (step.endsWith("*")) return;
  // A reference without its version is one with any.
  const versions =
    step.includes("@") || step.includes("://") || step.startsWith(".") ? [step] : [`${step}@v1`];
  for (const reference of versions) {
    const parsed = parseFunctionReference(reference);
    if (!parsed.ok) throw invalid(parsed.error.message);
  }
}

function reasonsOf(parameter: string, value: Value | undefined): string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [`${parameter} in this test`];
  if (typeof value === "string") return [value];
  if (value instanceof StarlarkList) return value.items.map(String);
  throw invalid(`for parameter ${parameter}: got ${typeName(value)}, want True, a reason, or a list of them`);
}

function failure(value: Value): JobOutcome {
  if (typeof value === "string") return { error: { code: "FunctionFailed", message: value } };
  if (value instanceof StarlarkDict || value instanceof StarlarkStruct) {
    const {
      code = "FunctionFailed",
      message = "it failed",
      retryable,
      details,
    } = jsonObjectArgument("t.on_run", "fails", value);
    return {
      error: {
        code: String(code),
        message: String(message),
        ...(retryable === undefined ? {} : { retryable: retryable === true }),
        ...(details === undefined ? {} : { details: details as JsonObject }),
      },
    };
  }
  throw invalid(
    `for parameter fails: got ${typeName(value)}, want a message, or a dict of code, message, retryable and details`,
  );
}

function outcomeOf([, returns, fails, lost]: OnRunArguments, options: FiberOptions): CallRule["outcome"] {
  if ([returns, fails, lost].filter((given) => given !== undefined).length > 1) {
    throw invalid("a call either returns, fails or is lost: give one of returns=, fails= and lost=");
  }
  if (lost) return () => "lost";
  if (fails !== undefined) {
    const failed = failure(fails);
    return () => failed;
  }
  if (returns === undefined) return () => ({ ok: {} });
  if (!isCallable(returns)) {
    if (!(returns instanceof StarlarkDict)) {
      throw invalid(
        `for parameter returns: got ${typeName(returns)}, want a dict, or a function from the inputs to one`,
      );
    }
    const outputs = jsonObjectArgument("t.on_run", "returns", returns);
    return () => ({ ok: outputs });
  }
  return (inputs) =>
    callNow(returns, inputs, options, (outputs) => {
      if (outputs === null) return { ok: {} };
      if (outputs instanceof StarlarkDict) return { ok: jsonObjectArgument("t.on_run", "returns", outputs) };
      throw invalid(`the function of returns= returned ${typeName(outputs)}, want a dict of outputs`);
    });
}

function inputsMatcher(inputs: Value | undefined, options: FiberOptions): CallRule["fitsInputs"] {
  if (inputs === undefined) return () => true;
  if (isCallable(inputs)) return (given) => callNow(inputs, given, options, truth);
  if (!(inputs instanceof StarlarkDict)) {
    throw invalid(`for parameter inputs: got ${typeName(inputs)}, want a dict, or a function of the inputs`);
  }
  const wanted = Object.entries(jsonObjectArgument("t.on_run", "inputs", inputs));
  return (given) =>
    wanted.every(([name, value]) => Object.hasOwn(given, name) && isSameJson(given[name] ?? null, value));
}

/**
 * The rule that the arguments describe; `options`: what the functions of the test run with. Throws `InvalidRule`,
 * `InvalidDuration`.
 */
export function ruleOf(given: OnRunArguments, options: FiberOptions): CallRule {
  const [step, , , , takes, holds, rejects, inputs, environment, times] = given;
  checkStep(step);
  if (times !== undefined && times < 1) throw invalid(`for parameter times: got ${times}, want at least 1`);
  return {
    reference: step,
    fitsInputs: inputsMatcher(inputs, options),
    outcome: outcomeOf(given, options),
    takesMs: takes === undefined ? 0 : durationArgument("t.on_run", "takes", takes),
    holds: reasonsOf("holds", holds),
    rejects: reasonsOf("rejects", rejects),
    environment,
    times: times ?? Number.POSITIVE_INFINITY,
    answered: [],
  };
}

/** What `t.on_run` returns: how often the rule has answered (`count`), and with which inputs (`calls`). */
export class RuleObject extends HostObject {
  readonly #rule: CallRule;

  constructor(rule: CallRule) {
    super();
    this.#rule = rule;
  }

  override get type(): string {
    return "rule";
  }

  override attribute(name: string): Value | undefined {
    if (name === "count") return this.#rule.answered.length;
    if (name === "calls") return fromJson([...this.#rule.answered]);
    return undefined;
  }

  override attributeNames(): string[] {
    return ["calls", "count"];
  }
}
