// Calls: are there arguments for what is required, does the function take each of them, are they of a kind that it
// accepts, and where they are spelt out, do they make sense?

import { parseFunctionReference } from "../../protocol/function-reference.ts";
import { parsePlace } from "../../protocol/place.ts";
import { type ast, type Builtin, nearestName, StarlarkError, typeName } from "../../starlark/index.ts";
import { eventTypeProblem } from "../event-type.ts";
import type { Meaning as ArgumentMeaning } from "../surface/entry.ts";
import { type SurfaceFunction, surfaceFunctions } from "../surface/surface.ts";
import { durationArgument } from "../w/duration.ts";
import { retryArgument } from "../w/retry-argument.ts";
import { sensitiveArgument } from "../w/sensitive-argument.ts";
import type { Report } from "./finding.ts";
import { builtinOf, type Meanings } from "./meanings.ts";
import type { ParsedFile } from "./parsed-file.ts";
import type { RuleId } from "./rules.ts";
import { type SpeltOut, someFunction, speltOut } from "./spelt-out.ts";

export interface CallRulesContext {
  meanings: Meanings;
  file: ParsedFile;
  report: Report;
  checkFilter(text: string): string | undefined;
  checkKey(text: string): string | undefined;
}

/** What a function takes, whoever wrote it. */
interface Takes {
  name: string;
  /** In the order in which they are given by position. */
  positional: readonly string[];
  positionalOnly: ReadonlySet<string>;
  keywordOnly: readonly string[];
  required: ReadonlySet<string>;
  hasStar: boolean;
  hasStarstar: boolean;
}

export function checkCalls(context: CallRulesContext): void {
  const { file, meanings } = context;
  for (const { node } of file.expressions) if (node.kind === "call") checkCall(context, node);
  for (const handedOn of meanings.handedOn) if (handedOn.file === file) checkCall(context, handedOn.call);
}

function checkCall(context: CallRulesContext, call: ast.CallExpression): void {
  const meaning = context.meanings.of(call.callee, context.file);
  const builtin = builtinOf(meaning);
  if (builtin !== undefined) checkBuiltinCall(context, call, builtin);
  else if (meaning !== undefined && "definition" in meaning) {
    match(context, call, takesOfDefinition(meaning.definition.fn));
  }
}

function takesOfBuiltin(name: string, { signature }: Builtin): Takes {
  const names = signature.parameters.map((parameter) => parameter.name);
  return {
    name,
    positional: names.slice(0, signature.positionalCount),
    positionalOnly: new Set(names.slice(0, signature.positionalOnlyCount)),
    keywordOnly: names.slice(signature.positionalCount),
    required: new Set(
      signature.parameters.filter(({ required }) => required).map((parameter) => parameter.name),
    ),
    hasStar: signature.varargs,
    hasStarstar: signature.kwargs,
  };
}

export function takesOfDefinition(fn: ast.FunctionNode): Takes {
  const star = fn.parameters.findIndex(({ kind }) => kind === "star");
  const plain = (parameters: readonly ast.Parameter[]) =>
    parameters.flatMap(({ kind, name }) => (kind === "plain" && name !== undefined ? [name.name] : []));
  return {
    name: fn.name === "lambda" ? "the lambda" : fn.name,
    positional: plain(star < 0 ? fn.parameters : fn.parameters.slice(0, star)),
    positionalOnly: new Set(),
    keywordOnly: star < 0 ? [] : plain(fn.parameters.slice(star)),
    required: new Set(
      fn.parameters.flatMap(({ kind, name, defaultValue }) =>
        kind === "plain" && name !== undefined && defaultValue === undefined ? [name.name] : [],
      ),
    ),
    hasStar: fn.parameters.some(({ kind, name }) => kind === "star" && name !== undefined),
    hasStarstar: fn.parameters.some(({ kind }) => kind === "starstar"),
  };
}

/** Pairs arguments with parameters and notes those that have no partner. */
function match(
  { report }: CallRulesContext,
  call: ast.CallExpression,
  takes: Takes,
): Map<string, ast.Expression> {
  const given = new Map<string, ast.Expression>();
  const isOpen = call.arguments.some(({ kind }) => kind === "star" || kind === "starstar");
  const misspelt = new Set<string>();
  let position = 0;
  for (const argument of call.arguments) {
    const { kind, value } = argument;
    const at = { start: argument.start, end: value.end };
    if (kind === "positional") {
      const name = takes.positional[position++];
      if (name !== undefined) given.set(name, value);
      else if (!takes.hasStar) {
        const hint =
          takes.keywordOnly.length > 0 ? `give it by name: ${takes.keywordOnly.join("=, ")}=` : undefined;
        const most = takes.positional.length;
        const message = `${takes.name}: takes ${mostArguments(most)}`;
        report.add("surplus-argument", message, at, hint === undefined ? {} : { hint });
        break;
      }
    } else if (kind === "named" && argument.name !== undefined) {
      const { name } = argument.name;
      const isKnown =
        takes.keywordOnly.includes(name) ||
        (takes.positional.includes(name) && !takes.positionalOnly.has(name));
      if (!isKnown && !takes.hasStarstar) {
        const meant = noteUnknown(report, takes, argument.name);
        // One slip of the pen is one finding: what was meant is not missing as well.
        if (meant !== undefined) misspelt.add(meant);
      } else if (given.has(name)) {
        report.add("surplus-argument", `${takes.name}: ${name} is given twice`, argument.name);
      } else given.set(name, value);
    }
  }
  const missing = [...takes.required].filter((name) => !given.has(name) && !misspelt.has(name));
  if (!isOpen && missing.length > 0) noteMissing(report, takes.name, call, missing);
  return given;
}

function mostArguments(most: number): string {
  if (most === 0) return "no positional arguments";
  return `at most ${most} positional argument${most === 1 ? "" : "s"}`;
}

/** Gives the parameter that was meant, where there is one near. */
function noteUnknown(report: Report, takes: Takes, name: ast.Name): string | undefined {
  const names = [...takes.positional, ...takes.keywordOnly].filter(
    (known) => !takes.positionalOnly.has(known),
  );
  const nearest = nearestName(name.name, names);
  const hint =
    nearest !== undefined
      ? `did you mean ${nearest}?`
      : names.length > 0
        ? `it takes ${names.join(", ")}`
        : undefined;
  const message = `${takes.name}: there is no parameter ${name.name}`;
  report.add("unknown-argument", message, name, hint === undefined ? {} : { hint });
  return nearest;
}

function noteMissing(report: Report, name: string, call: ast.Expression, missing: readonly string[]): void {
  report.add("missing-argument", `${name}: missing argument for ${missing.join(", ")}`, endOf(call));
}

/** The closing parenthesis: where what is missing would stand. */
function endOf({ end }: ast.Expression): { start: number; end: number } {
  return { start: end - 1, end };
}

function checkBuiltinCall(context: CallRulesContext, call: ast.CallExpression, builtin: Builtin): void {
  const described = surfaceFunctions.get(builtin);
  const name = described?.name ?? builtin.name;
  const given = match(context, call, takesOfBuiltin(name, builtin));
  if (described?.needsOne && call.arguments.length === 0) {
    const names = described.parameters.map((parameter) => `${parameter.name}=`).join(", ");
    context.report.add("missing-argument", `${name}: needs one of ${names}`, endOf(call));
  }
  for (const parameter of builtin.signature.parameters) {
    const argument = given.get(parameter.name);
    if (argument === undefined) continue;
    const spelt = meaningOrText(context, argument);
    if (spelt === undefined) {
      if (parameter.kind === "callable") noteCalledTooEarly(context, name, argument);
      continue;
    }
    if (spelt.value === null && parameter.noneIsAbsent) continue;
    if (parameter.accepts?.(spelt.value) === false) {
      const message = `${name}: for parameter ${parameter.name}: got ${typeName(spelt.value)}, want ${parameter.kind}`;
      context.report.add("wrong-argument-type", message, argument);
    } else if (spelt.isComplete && described !== undefined) {
      checkContent(context, described, parameter.name, argument, spelt);
    }
  }
  checkPlaces(context, name, given);
  if (described?.parameters[0]?.name === "branches") checkBranches(context, described, given.get("branches"));
}

function meaningOrText({ meanings, file }: CallRulesContext, node: ast.Expression): SpeltOut | undefined {
  const spelt = speltOut(node);
  if (spelt !== undefined) return spelt;
  const meaning = meanings.of(node, file);
  if (meaning === undefined) return undefined;
  return { value: "value" in meaning ? meaning.value : someFunction, isComplete: false };
}

/** `w.attempt(w.run(…))`: functions of `w` never give back a function. */
function noteCalledTooEarly(
  { meanings, file, report }: CallRulesContext,
  name: string,
  argument: ast.Expression,
) {
  const called = meanings.surfaceFunction(argument, file);
  if (called === undefined || called.name === "w.spawn") return;
  report.add(
    "called-too-early",
    `${name}: wants a function, and this calls ${called.name} before it`,
    argument,
    { hint: `write lambda: ${called.name}(…)` },
  );
}

function checkBranches(
  context: CallRulesContext,
  { name }: SurfaceFunction,
  list: ast.Expression | undefined,
) {
  const items =
    list?.kind === "list"
      ? list.items
      : list?.kind === "comprehension" && !("key" in list.body)
        ? [list.body]
        : [];
  for (const item of items) noteCalledTooEarly(context, name, item);
}

/** Are the sensitive places in what is given, where both are spelt out? */
function checkPlaces({ report }: CallRulesContext, name: string, given: Map<string, ast.Expression>): void {
  const places = given.get("sensitive");
  const holder = given.get("inputs") ?? given.get("input");
  if (places?.kind !== "list" || holder === undefined) return;
  for (const item of places.items) {
    if (item.kind !== "string") continue;
    const lacking = lackingName(holder, parsePlace(item.value));
    if (lacking === undefined) continue;
    report.add("invalid-sensitive", `${name}: there is no "${lacking}" in what is given`, item);
  }
}

/** The first name of the place that a dict does not have; undefined where that cannot be told. */
function lackingName(holder: ast.Expression, [name, ...rest]: readonly string[]): string | undefined {
  if (name === undefined || name === "*" || holder.kind !== "dict") return undefined;
  if (!holder.entries.every(({ key }) => key.kind === "string")) return undefined;
  const entry = holder.entries.find(({ key }) => key.kind === "string" && key.value === name);
  return entry === undefined ? name : lackingName(entry.value, rest);
}

function checkContent(
  context: CallRulesContext,
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
  { checkFilter, checkKey }: CallRulesContext,
  meaning: ArgumentMeaning,
  fn: string,
  parameter: string,
  value: SpeltOut["value"],
): { rule: RuleId; message: string } | undefined {
  switch (meaning) {
    case "duration":
      return refusal("invalid-duration", () => durationArgument(fn, parameter, value));
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
