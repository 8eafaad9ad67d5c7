// Calls: do the arguments fit what the function takes, are they of a kind that it accepts, and where they are spelt
// out, do they make sense?
import { parsePlace } from "../../protocol/place.ts";
import { type ast, type Builtin, typeName } from "../../starlark/index.ts";
import { type SurfaceFunction, surfaceFunctions } from "../surface/surface.ts";
import { type ContentContext, checkContent } from "./argument-content.ts";
import { endOf, matchArguments, takesOfBuiltin, takesOfDefinition } from "./argument-matching.ts";
import { builtinOf, type Meanings } from "./meanings.ts";
import type { ParsedFile } from "./parsed-file.ts";
import { type SpeltOut, someFunction, speltOut } from "./spelt-out.ts";

export interface CallRulesContext extends ContentContext {
  meanings: Meanings;
  file: ParsedFile;
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
    matchArguments(context.report, call, takesOfDefinition(meaning.definition.fn));
  }
}

function checkBuiltinCall(context: CallRulesContext, call: ast.CallExpression, builtin: Builtin): void {
  const described = surfaceFunctions.get(builtin);
  const name = described?.name ?? builtin.name;
  const given = matchArguments(context.report, call, takesOfBuiltin(name, builtin));
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
