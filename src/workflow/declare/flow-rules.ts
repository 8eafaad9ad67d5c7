// What a trigger may say about the pace of its runs: `concurrency(...)`, `rate_limit(...)`, `debounce(...)` and
// `batch(...)`. Each gives a value for the parameter of the same name of `on_event` and `on_schedule`.
import {
  type Batch,
  type Concurrency,
  concurrencyModes,
  type Debounce,
  type FlowControl,
  MAX_RATE_PERIOD_MS,
  type RateLimit,
} from "../../protocol/flow-control.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  HostObject,
  StarlarkError,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { durationArgument } from "../w/duration.ts";

type RuleName = "concurrency" | "rate_limit" | "debounce" | "batch";

class FlowRule<Settings> extends HostObject {
  readonly rule: RuleName;
  readonly settings: Settings;

  constructor(rule: RuleName, settings: Settings) {
    super();
    this.rule = rule;
    this.settings = settings;
  }

  override get type(): string {
    return this.rule;
  }
}

const MAX_LIMIT = 1000;
const MAX_RATE = 10_000;
const MAX_BATCH = 100;
const MAX_PRIORITY = 1000;
/** Longer than this is no burst of events any more. */
const MAX_GATHERING_MS = 7 * 24 * 3600_000;
const groupPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}$/;

function invalid(fn: string, message: string): StarlarkError {
  return new StarlarkError(`${fn}: ${message}`, { code: "InvalidFlowControl" });
}

function within(fn: string, parameter: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw invalid(fn, `${parameter} must be from ${min} to ${max}, got ${value}`);
}

function lengthOfTime(fn: string, parameter: string, value: Value, maxMs: number): number {
  const ms = durationArgument(fn, parameter, value);
  if (ms >= 1 && ms <= maxMs) return ms;
  throw invalid(fn, `${parameter} must be longer than nothing and at most ${maxMs / 86_400_000} days`);
}

function choice<Option extends string>(
  fn: string,
  parameter: string,
  value: string,
  options: readonly Option[],
): Option {
  const known = options.find((option) => option === value);
  if (known !== undefined) return known;
  throw invalid(
    fn,
    `${parameter} must be one of ${options.map((option) => `"${option}"`).join(", ")}, got "${value}"`,
  );
}

/**
 * `concurrency(key=None, mode="queue", limit=1, group=None)`: how many runs at once, and which of those that wait is
 * next.
 */
export const concurrency: Builtin = defineBuiltin(
  "concurrency",
  "key??: string, mode??: string, limit??: index, group??: string",
  (_: CallContext, key: string | undefined, mode = "queue", limit = 1, group: string | undefined) => {
    if (group !== undefined && !groupPattern.test(group)) {
      throw invalid("concurrency", `"${group}" is no name for a group: 1–100 letters, digits or _ . / -`);
    }
    return new FlowRule<Concurrency>("concurrency", {
      ...(key !== undefined && { key }),
      ...(group !== undefined && { group }),
      mode: choice("concurrency", "mode", mode, concurrencyModes),
      limit: within("concurrency", "limit", limit, 1, MAX_LIMIT),
    });
  },
);

/** `rate_limit(count, per, key=None, over="wait")`: at most `count` starts in any stretch of the length `per`. */
export const rateLimit: Builtin = defineBuiltin(
  "rate_limit",
  "count: index, per, key??: string, over??: string",
  (_: CallContext, count: number, per: Value, key: string | undefined, over = "wait") =>
    new FlowRule<RateLimit>("rate_limit", {
      count: within("rate_limit", "count", count, 1, MAX_RATE),
      perMs: lengthOfTime("rate_limit", "per", per, MAX_RATE_PERIOD_MS),
      ...(key !== undefined && { key }),
      over: choice("rate_limit", "over", over, ["wait", "drop"]),
    }),
);

/** `debounce(duration, key=None, max_wait=None)`: one run for a burst of events, with the last of them. */
export const debounce: Builtin = defineBuiltin(
  "debounce",
  "duration, key??: string, max_wait??",
  (_: CallContext, duration: Value, key: string | undefined, maxWait: Value | undefined) => {
    const quietMs = lengthOfTime("debounce", "duration", duration, MAX_GATHERING_MS);
    const maxWaitMs =
      maxWait === undefined ? undefined : lengthOfTime("debounce", "max_wait", maxWait, MAX_GATHERING_MS);
    if (maxWaitMs !== undefined && maxWaitMs < quietMs) {
      throw invalid("debounce", "max_wait cannot be shorter than duration");
    }
    return new FlowRule<Debounce>("debounce", {
      quietMs,
      ...(maxWaitMs !== undefined && { maxWaitMs }),
      ...(key !== undefined && { key }),
    });
  },
);

/** `batch(max, within, key=None)`: one run for several events, whose handler gets the list of them. */
export const batch: Builtin = defineBuiltin(
  "batch",
  "max: index, within, key??: string",
  (_: CallContext, max: number, period: Value, key: string | undefined) =>
    new FlowRule<Batch>("batch", {
      max: within("batch", "max", max, 1, MAX_BATCH),
      withinMs: lengthOfTime("batch", "within", period, MAX_GATHERING_MS),
      ...(key !== undefined && { key }),
    }),
);

export interface FlowArguments {
  concurrency?: Value | undefined;
  rate_limit?: Value | undefined;
  debounce?: Value | undefined;
  batch?: Value | undefined;
  priority?: number | undefined;
}

/** What `fn` was given for the pace of its runs. Throws `InvalidFlowControl`. */
export function flowControl(fn: string, args: FlowArguments): FlowControl {
  const settings = <Settings>(rule: RuleName): Settings | undefined => {
    const value = args[rule];
    if (value === undefined) return undefined;
    if (value instanceof FlowRule && value.rule === rule) return value.settings as Settings;
    throw invalid(fn, `for parameter ${rule}: got ${typeName(value)}, want what ${rule}(...) gives`);
  };
  if (args.debounce !== undefined && args.batch !== undefined) {
    throw invalid(fn, "debounce= makes one event of many, batch= keeps them all: choose one");
  }
  const flow: FlowControl = {
    concurrency: settings<Concurrency>("concurrency"),
    rateLimit: settings<RateLimit>("rate_limit"),
    debounce: settings<Debounce>("debounce"),
    batch: settings<Batch>("batch"),
    priority:
      args.priority === undefined
        ? undefined
        : within(fn, "priority", args.priority, -MAX_PRIORITY, MAX_PRIORITY),
  };
  return Object.fromEntries(Object.entries(flow).filter(([, value]) => value !== undefined));
}
