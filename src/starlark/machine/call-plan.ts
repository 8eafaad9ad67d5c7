/**
 * Calls of Starlark functions whose arguments lie in registers: they are matched with the parameters
 * once for a call and a function, and then only moved.
 */
import type { Budget } from "../budget.ts";
import { DICT_ENTRY_BYTES, StarlarkDict } from "../value/dict.ts";
import type { StarlarkFunction } from "../value/function.ts";
import type { CallPlan, CallShape, FunctionCode } from "../value/function-code.ts";
import { StarlarkTuple } from "../value/list.ts";
import type { Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/** The plan for a call without `*` and `**`; undefined when the arguments do not fit the parameters. */
export function planCall(shape: CallShape, code: FunctionCode): CallPlan | undefined {
  if (shape.plan?.code === code) return shape.plan;
  const plan = makePlan(code, shape.positionalCount, shape.names);
  if (plan !== undefined) shape.plan = plan;
  return plan;
}

function makePlan(code: FunctionCode, positional: number, names: readonly string[]): CallPlan | undefined {
  const { positionalCount, parameterNames } = code;
  const namedCount = positionalCount + code.keywordOnlyCount;
  if (positional > positionalCount && !code.hasVarargs) return undefined;
  const byPosition = Math.min(positional, positionalCount);
  const targets = Array.from({ length: positional }, (_, i) => (i < byPosition ? i : -1));
  const given = new Set(targets);
  const rest: [name: string, argument: number][] = [];
  for (const [i, name] of names.entries()) {
    const index = parameterNames.indexOf(name);
    const isParameter = index >= 0 && index < namedCount;
    if (isParameter ? given.has(index) : !code.hasKwargs) return undefined;
    if (isParameter) given.add(index);
    else rest.push([name, positional + i]);
    targets.push(isParameter ? index : -1);
  }
  const defaults: number[] = [];
  for (let i = 0; i < namedCount; i++) {
    if (given.has(i)) continue;
    if (!code.optionalParameters[i]) return undefined;
    defaults.push(i);
  }
  const inOrder =
    !code.hasVarargs && !code.hasKwargs && targets.every((target, i) => target > (targets[i - 1] ?? -1));
  const surplus = [byPosition, positional] as const;
  return { code, count: targets.length, inOrder, targets, defaults, surplus, rest };
}

/** Turns the arguments in registers from `base` on into the values of all parameters. */
export function followPlan(
  plan: CallPlan,
  fn: StarlarkFunction,
  registers: Slot[],
  base: number,
  budget: Budget,
): void {
  const { targets, defaults } = plan;
  if (plan.inOrder) {
    for (let i = plan.count - 1; i >= 0; i--) registers[base + (targets[i] as number)] = registers[base + i];
  } else shuffleArguments(plan, registers, base, budget);
  for (let i = 0; i < defaults.length; i++) {
    const index = defaults[i] as number;
    registers[base + index] = fn.defaults[index];
  }
}

function shuffleArguments(plan: CallPlan, registers: Slot[], base: number, budget: Budget): void {
  const { code, count, targets } = plan;
  const args = registers.slice(base, base + count) as Value[];
  for (let i = 0; i < count; i++) {
    const target = targets[i] ?? -1;
    if (target >= 0) registers[base + target] = args[i];
  }
  let next = base + code.positionalCount + code.keywordOnlyCount;
  if (code.hasVarargs) {
    const surplus = args.slice(plan.surplus[0], plan.surplus[1]);
    budget.charge(0, 32 + surplus.length * 8);
    registers[next++] = new StarlarkTuple(surplus);
  }
  if (code.hasKwargs) {
    budget.charge(0, 64 + plan.rest.length * DICT_ENTRY_BYTES);
    const rest = new StarlarkDict();
    for (const [name, argument] of plan.rest) rest.set(name, args[argument] ?? null);
    registers[next] = rest;
  }
}

/**
 * As `followPlan`, for `count` arguments that are all positional. Tells whether they fit; where they
 * do not, nothing has changed.
 */
export function bindPositional(
  fn: StarlarkFunction,
  registers: Slot[],
  base: number,
  count: number,
  budget: Budget,
): boolean {
  const { code } = fn;
  const { positionalCount } = code;
  const namedCount = positionalCount + code.keywordOnlyCount;
  if (count > positionalCount && !code.hasVarargs) return false;
  const byPosition = Math.min(count, positionalCount);
  for (let i = byPosition; i < namedCount; i++) if (!code.optionalParameters[i]) return false;
  const surplus = code.hasVarargs ? (registers.slice(base + byPosition, base + count) as Value[]) : undefined;
  for (let i = byPosition; i < namedCount; i++) registers[base + i] = fn.defaults[i];
  let next = base + namedCount;
  if (surplus !== undefined) {
    budget.charge(0, 32 + surplus.length * 8);
    registers[next++] = new StarlarkTuple(surplus);
  }
  if (code.hasKwargs) {
    budget.charge(0, 64);
    registers[next] = new StarlarkDict();
  }
  return true;
}
