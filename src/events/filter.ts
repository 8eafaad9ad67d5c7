// The `filter` of a trigger or wait: a CEL expression over `event` that must come out true or false.
import {
  type ASTNode,
  TypeError as CelTypeError,
  Environment,
  EvaluationError,
  ParseError,
} from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { Meter } from "./cel-meter.ts";
import { type CelValue, type Sizes, toCelValue } from "./cel-value.ts";

const MAX_FILTER_LENGTH = 2000;
/** What one evaluation may cost: about 50 ms of the bus's time at worst. */
const MAX_STEPS = 200_000;
const MAX_PATTERN_LENGTH = 200;
const LINEAR_MATCHES = "linearMatches";

/**
 * What a filter may call: everything of CEL whose cost is in proportion to what it is given. `matches` is RE2, as
 * CEL defines it; the library's own is a backtracking RegExp.
 */
const functions = new Set([
  ...["has", "size", "type", "dyn", "bool", "int", "double", "string", "timestamp", "duration"],
  ...["all", "exists", "exists_one", "filter", "map"],
  ...["contains", "startsWith", "endsWith", "matches", "lowerAscii", "upperAscii", "trim"],
  ...["indexOf", "lastIndexOf", "substring", "split"],
  ...["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"],
  ...["getHours", "getMinutes", "getSeconds", "getMilliseconds"],
]);

const meter = new Meter();
const patterns = new Map<string, RE2JS>();

function compiledPattern(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known) return known;
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new Error(`a pattern of matches() has at most ${MAX_PATTERN_LENGTH} characters`);
  }
  const compiled = RE2JS.compile(pattern);
  if (patterns.size >= 200) patterns.clear();
  patterns.set(pattern, compiled);
  return compiled;
}

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 400, maxDepth: 40, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 4 },
})
  .registerVariable("event", "map<string, dyn>")
  .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, {
    async: false,
    handler: (text: string, pattern: string) => {
      meter.spend(text.length);
      return compiledPattern(pattern).matcher(text).find();
    },
  });
meter.install(environment);

function children(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "!_":
    case "-_":
      return [node.args];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    default:
      return node.args;
  }
}

class FilterRefused extends Error {}

/** Refuses what may not be called, marks what gets compared, and puts RE2 in the place of RegExp. */
function prepare(node: ASTNode): void {
  if (node.op === "call" || node.op === "rcall") {
    const [name] = node.args;
    if (!functions.has(name)) throw new FilterRefused(`${name}() cannot be called in a filter`);
    if (name === "matches") {
      const pattern = node.args[1 + Number(node.op === "rcall")];
      const literal = Array.isArray(pattern) ? pattern[0] : undefined;
      if (literal?.op === "value" && typeof literal.args === "string") compiledPattern(literal.args);
      node.args[0] = LINEAR_MATCHES;
    }
  }
  if (node.op === "==" || node.op === "!=" || node.op === "in") {
    for (const operand of node.args) meter.compared.add(operand);
  }
  for (const child of children(node)) prepare(child);
}

function messageOf(error: unknown): string {
  const isCel =
    error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
  // The library's `message` holds a drawing of the source; a filter is one line that everybody has before them.
  if (isCel) return error.range ? `${error.summary} (at character ${error.range.start + 1})` : error.summary;
  return error instanceof Error ? error.message : String(error);
}

/** An event on its way through filters: converted for CEL at the first filter that looks at it, and once only. */
export class FilteredEvent {
  readonly event: CloudEvent;
  readonly sizes: Sizes = new WeakMap();
  #value: CelValue | undefined;

  constructor(event: CloudEvent) {
    this.event = event;
  }

  get celValue(): CelValue {
    this.#value ??= toCelValue(this.event as JsonValue, this.sizes);
    return this.#value;
  }
}

/**
 * Whether the event passes. Refuses `filter_failed` when the expression fails on this event (a missing field, a
 * comparison of unlike types, too many steps) or comes out as something else than true or false.
 */
export type Filter = (event: FilteredEvent) => Result<boolean>;

/** Compiles a filter. Refuses `invalid_filter` with a message that says where. */
export function compileFilter(text: string): Result<Filter> {
  if (text.length > MAX_FILTER_LENGTH) {
    return refuse(
      "invalid_filter",
      `a filter has at most ${MAX_FILTER_LENGTH} characters, this one ${text.length}`,
    );
  }
  try {
    const expression = environment.parse(text);
    prepare(expression.ast);
    const checked = expression.check();
    if (!checked.valid) throw checked.error;
    if (checked.type !== "bool" && checked.type !== "dyn") {
      throw new FilterRefused(`a filter must come out true or false, this one as ${checked.type}`);
    }
    return ok((event) => evaluate(expression, event));
  } catch (error) {
    return refuse("invalid_filter", messageOf(error));
  }
}

function evaluate(
  expression: (context: { event: CelValue }) => unknown,
  event: FilteredEvent,
): Result<boolean> {
  const context = { event: event.celValue };
  meter.start(MAX_STEPS, event.sizes);
  let outcome: Result<boolean>;
  try {
    const value = expression(context);
    outcome =
      typeof value === "boolean"
        ? ok(value)
        : refuse("filter_failed", "the filter came out as neither true nor false");
  } catch (error) {
    outcome = refuse("filter_failed", messageOf(error));
  }
  return meter.isExhausted()
    ? refuse("filter_failed", `the filter takes more than ${MAX_STEPS} steps`)
    : outcome;
}

/** What is wrong with a filter, in a sentence; undefined when nothing is. */
export function checkFilter(text: string): string | undefined {
  const compiled = compileFilter(text);
  return compiled.ok ? undefined : compiled.error.message;
}
