// Handlers that cannot be called, dicts that cannot be made, results that nobody uses, functions that see the wrong
// value of a loop's variable.
import {
  type ast,
  type Binding,
  Builtin,
  forEachExpression,
  forEachStatement,
  universe,
} from "../../starlark/index.ts";
import { surfaceFunctions } from "../surface/surface.ts";
import { takesOfDefinition } from "./argument-matching.ts";
import type { Report } from "./finding.ts";
import { builtinOf, type Meanings } from "./meanings.ts";
import type { ParsedFile } from "./parsed-file.ts";

/** A handler is called with the workflow object and the event. */
const HANDLER_ARGUMENTS = 2;

export function checkHandlers(file: ParsedFile, meanings: Meanings, report: Report): void {
  for (const fn of file.functions) {
    if (!meanings.handlers.has(fn)) continue;
    const { positional, keywordOnly, required, hasStar } = takesOfDefinition(fn);
    const demanded = positional.filter((name) => required.has(name)).length;
    const isFitting =
      demanded <= HANDLER_ARGUMENTS &&
      (hasStar || positional.length >= HANDLER_ARGUMENTS) &&
      !keywordOnly.some((name) => required.has(name));
    if (isFitting) continue;
    const at = { start: fn.start, end: fn.start + `def ${fn.name}`.length };
    report.add("handler-signature", `handler ${fn.name} cannot be called with (w, event)`, at, {
      hint: `write def ${fn.name}(w, ev):`,
    });
  }
}

export function checkDicts(file: ParsedFile, report: Report): void {
  for (const { node } of file.expressions) {
    if (node.kind !== "dict") continue;
    const seen = new Set<string>();
    for (const { key } of node.entries) {
      if (key.kind !== "string" && key.kind !== "int") continue;
      const text = `${key.kind}:${key.value}`;
      const shown = key.kind === "string" ? JSON.stringify(key.value) : String(key.value);
      if (seen.has(text)) report.add("duplicate-key", `the key ${shown} is there already`, key);
      seen.add(text);
    }
  }
}

/** Builtins of the language that do something besides giving a result. */
const effects = new Set(["print", "fail"]);
const idle = new Set<ast.Expression["kind"]>([
  "name",
  "int",
  "float",
  "bytes",
  "list",
  "tuple",
  "dict",
  "dot",
  "lambda",
]);

export function checkResults(file: ParsedFile, meanings: Meanings, report: Report): void {
  for (const statement of file.statements) {
    if (statement.kind !== "expression") continue;
    const { expression } = statement;
    if (expression.kind === "call") {
      const builtin = builtinOf(meanings.of(expression.callee, file));
      const described = builtin === undefined ? undefined : surfaceFunctions.get(builtin);
      if (builtin === undefined || !(described?.isPure ?? isPureUniversal(builtin))) continue;
      const name = described?.name ?? builtin.name;
      report.add("unused-result", `${name}(…) does nothing but give a result, which is not used`, expression);
    } else if (idle.has(expression.kind)) {
      const meaning = meanings.of(expression, file);
      const isCallable =
        meaning !== undefined && ("definition" in meaning || meaning.value instanceof Builtin);
      report.add("unused-result", "this does nothing", expression, {
        ...(isCallable && expression.kind !== "lambda" ? { hint: "to call it, write () after it" } : {}),
      });
    }
  }
}

function isPureUniversal(builtin: Builtin): boolean {
  return universe.get(builtin.name) === builtin && !effects.has(builtin.name);
}

const keepingMethods = new Set(["append", "insert", "extend", "setdefault"]);
const keepingFunctions = new Set(["w.spawn", "w.defer"]);

/** Functions that are kept for later while the loop goes on, and use its variable. */
export function checkLoopVariables(file: ParsedFile, meanings: Meanings, report: Report): void {
  const note = (lambdas: readonly ast.LambdaExpression[], targets: readonly ast.Expression[]) => {
    const variables = new Set(targets.flatMap(boundBy));
    for (const { function: fn, start } of lambdas) {
      const shared = fn.scope?.captured.find((binding) => variables.has(binding));
      if (shared === undefined) continue;
      const at = { start, end: start + "lambda".length };
      report.add(
        "captured-loop-variable",
        `every function of this loop sees the last value of ${shared.name}`,
        at,
        {
          hint: "hand the value over: (fn, value) in w.parallel, w.spawn(fn, value)",
        },
      );
    }
  };
  const kept = (node: ast.Expression): ast.LambdaExpression[] => {
    switch (node.kind) {
      case "lambda":
        return [node];
      case "list":
      case "tuple":
        return node.items.flatMap(kept);
      case "dict":
        return node.entries.flatMap(({ value }) => kept(value));
      case "conditional":
        return [...kept(node.whenTrue), ...kept(node.whenFalse)];
      case "call": {
        const keeps =
          (node.callee.kind === "dot" && keepingMethods.has(node.callee.attribute)) ||
          keepingFunctions.has(meanings.surfaceFunction(node, file)?.name ?? "");
        return keeps ? node.arguments.flatMap(({ value }) => kept(value)) : [];
      }
      default:
        return [];
    }
  };
  for (const { node } of file.expressions) {
    if (node.kind !== "comprehension") continue;
    const targets = node.clauses.flatMap((clause) => (clause.kind === "for" ? [clause.target] : []));
    note(kept("key" in node.body ? node.body.value : node.body), targets);
  }
  for (const loop of file.statements) {
    if (loop.kind !== "for") continue;
    forEachStatement(loop.body, (statement) => {
      forEachExpression(statement, (node) => {
        if (node.kind === "call") note(kept(node), [loop.target]);
      });
    });
  }
}

function boundBy(target: ast.Expression): Binding[] {
  if (target.kind === "name") return target.binding === undefined ? [] : [target.binding];
  return target.kind === "list" || target.kind === "tuple" ? target.items.flatMap(boundBy) : [];
}
