// CEL expressions over `event`: the filters and keys of triggers and waits. What they may call, and what they may cost.
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
import { bounded } from "./reason.ts";
import { maskedEvent } from "./sensitive-data.ts";

const MAX_LENGTH = 2000;
/** What one evaluation may cost: about 50 ms of the bus's time at worst. */
const MAX_STEPS = 200_000;
const MAX_PATTERN_LENGTH = 200;
/** Instead of how an expression failed on an event with sensitive places. */
const UNTOLD = "the event has sensitive values, and how it failed might tell them";
const LINEAR_MATCHES = "linearMatches";

/**
 * What an expression may call: everything of CEL whose cost is in proportion to what it is given. `matches` is RE2, as
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

class Refused extends Error {}

/** Refuses what may not be called, marks what gets compared, and puts RE2 in the place of RegExp. */
function prepare(node: ASTNode, noun: string): void {
  if (node.op === "call" || node.op === "rcall") {
    const [name] = node.args;
    if (!functions.has(name)) throw new Refused(`${name}() cannot be called in a ${noun}`);
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
  for (const child of children(node)) prepare(child, noun);
}

function messageOf(error: unknown): string {
  const isCel =
    error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
  if (!isCel) return bounded(error instanceof Error ? error.message : String(error));
  // The library's `message` holds a drawing of the source; a filter is one line that everybody has before them.
  const at = error.range ? ` (at character ${error.range.start + 1})` : "";
  return `${bounded(error.summary)}${at}`;
}

/** An event on its way through filters: converted for CEL, and masked, when that is first needed, and once only. */
export class FilteredEvent {
  readonly event: CloudEvent;
  readonly sizes: Sizes = new WeakMap();
  #value: CelValue | undefined;
  #masked: CloudEvent | undefined;

  constructor(event: CloudEvent) {
    this.event = event;
  }

  /** The event as people may see it. */
  get masked(): CloudEvent {
    this.#masked ??= maskedEvent(this.event);
    return this.#masked;
  }

  get isSensitive(): boolean {
    return this.masked !== this.event;
  }

  get celValue(): CelValue {
    this.#value ??= toCelValue(this.event as JsonValue, this.sizes);
    return this.#value;
  }
}

/** An expression that compiles; refuses `<noun>_failed` when it fails on this event, or takes too many steps. */
export interface Expression {
  /** As far as it can be told: `bool`, `string`, …, `dyn` when only an event decides. */
  type: string;
  evaluate(event: FilteredEvent): Result<unknown>;
}

/** Compiles an expression. Refuses `invalid_<noun>` with a message that says where; `noun` names it in messages. */
export function compileExpression(text: string, noun: "filter" | "key"): Result<Expression> {
  if (text.length > MAX_LENGTH) {
    return refuse(
      `invalid_${noun}`,
      `a ${noun} has at most ${MAX_LENGTH} characters, this one ${text.length}`,
    );
  }
  try {
    const expression = environment.parse(text);
    prepare(expression.ast, noun);
    const checked = expression.check();
    if (!checked.valid) throw checked.error;
    return ok({
      type: String(checked.type),
      evaluate: (event) => evaluate(expression, event, noun),
    });
  } catch (error) {
    return refuse(`invalid_${noun}`, messageOf(error));
  }
}

/** The conditions that an expression which compiles joins by `&&`, as they are written; itself where it joins none. */
export function conditionsOf(text: string): string[] {
  const operands = (node: ASTNode): ASTNode[] => (node.op === "&&" ? node.args.flatMap(operands) : [node]);
  return operands(environment.parse(text).ast).map(({ range }) => text.slice(range.start, range.end));
}

function evaluate(
  expression: (context: { event: CelValue }) => unknown,
  event: FilteredEvent,
  noun: string,
): Result<unknown> {
  const context = { event: event.celValue };
  meter.start(MAX_STEPS, event.sizes);
  let outcome: Result<unknown>;
  try {
    outcome = ok(expression(context));
  } catch (error) {
    // An error of the library quotes what it could not deal with.
    outcome = refuse(`${noun}_failed`, event.isSensitive ? UNTOLD : messageOf(error));
  }
  return meter.isExhausted()
    ? refuse(`${noun}_failed`, `the ${noun} takes more than ${MAX_STEPS} steps`)
    : outcome;
}
