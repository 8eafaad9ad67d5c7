/** Matches the arguments of a call with the parameters of a Starlark function. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import type { KeywordArgument } from "../value/call.ts";
import { StarlarkDict } from "../value/dict.ts";
import type { StarlarkFunction } from "../value/function.ts";
import { StarlarkTuple } from "../value/list.ts";
import { spellingHint } from "../value/spelling.ts";
import type { Value } from "../value/value.ts";

/**
 * Writes one value per parameter into registers, from `base` on: named parameters, then `*args`,
 * then `**kwargs`. Throws EvaluationError in starlark-go's words.
 */
export function bindParameters(
  fn: StarlarkFunction,
  args: readonly Value[],
  kwargs: readonly KeywordArgument[],
  registers: (Value | undefined)[],
  base: number,
  budget: Budget,
): void {
  const { code } = fn;
  const { positionalCount, parameterNames } = code;
  const namedCount = positionalCount + code.keywordOnlyCount;
  if (parameterNames.length === 0) {
    const given = args.length + kwargs.length;
    if (given > 0) throw new EvaluationError(`function ${fn.name} accepts no arguments (${given} given)`);
    return;
  }
  if (args.length > positionalCount && !code.hasVarargs) throw tooMany(fn, args.length);
  const byPosition = Math.min(args.length, positionalCount);
  for (let i = 0; i < namedCount; i++) registers[base + i] = i < byPosition ? args[i] : undefined;
  if (code.hasVarargs) {
    const surplus = args.slice(byPosition);
    budget.charge(0, 32 + surplus.length * 8);
    registers[base + namedCount] = new StarlarkTuple(surplus);
  }
  bindNamed(fn, kwargs, registers, base, namedCount, budget);
  const missing: string[] = [];
  for (let i = byPosition; i < namedCount; i++) {
    registers[base + i] ??= fn.defaults[i];
    if (registers[base + i] === undefined) missing.push(parameterNames[i] ?? "");
  }
  if (missing.length > 0) {
    const plural = missing.length > 1 ? "s" : "";
    const names = missing.join(", ");
    throw new EvaluationError(`function ${fn.name} missing ${missing.length} argument${plural} (${names})`);
  }
}

function bindNamed(
  fn: StarlarkFunction,
  kwargs: readonly KeywordArgument[],
  registers: (Value | undefined)[],
  base: number,
  namedCount: number,
  budget: Budget,
): void {
  const { code } = fn;
  let rest: StarlarkDict | undefined;
  if (code.hasKwargs) {
    rest = new StarlarkDict();
    budget.charge(0, 64);
    registers[base + namedCount + Number(code.hasVarargs)] = rest;
  }
  for (const [name, value] of kwargs) {
    const index = code.parameterNames.indexOf(name);
    if (index >= 0 && index < namedCount) {
      if (registers[base + index] !== undefined) throw repeated(fn, name);
      registers[base + index] = value;
    } else if (rest !== undefined) {
      if (rest.has(name)) throw repeated(fn, name);
      rest.set(name, value, budget);
    } else throw unexpected(fn, name, namedCount);
  }
}

function tooMany(fn: StarlarkFunction, given: number): EvaluationError {
  const { positionalCount, optionalParameters } = fn.code;
  const atMost = optionalParameters.slice(0, positionalCount).includes(true) ? "at most " : "";
  const plural = positionalCount === 1 ? "" : "s";
  return new EvaluationError(
    `function ${fn.name} accepts ${atMost}${positionalCount} positional argument${plural} (${given} given)`,
  );
}

function repeated(fn: StarlarkFunction, name: string): EvaluationError {
  return new EvaluationError(`function ${fn.name} got multiple values for parameter "${name}"`);
}

function unexpected(fn: StarlarkFunction, name: string, namedCount: number): EvaluationError {
  const hint = spellingHint(name, fn.code.parameterNames.slice(0, namedCount));
  return new EvaluationError(`function ${fn.name} got an unexpected keyword argument "${name}"${hint}`);
}
