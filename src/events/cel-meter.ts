// A budget for CEL. The library evaluates without one, but gives a macro its evaluator, through whose `run` every
// nested evaluation passes. So one macro, evaluated once, puts a meter in front of it.
//
// 1. Every evaluated node costs a step; a text or list that results costs in proportion to its length, and what
//    gets compared costs what a full comparison may take. What could allocate far more than its operands (join,
//    bind) is not among the functions that a filter may call.
// 2. `||`, `&&` and `exists` absorb errors, the meter's included. So whoever evaluates asks `isExhausted` before
//    believing a result; the one error is shared, which makes absorbing it a million times cheap.
import type { Environment } from "@marcbachmann/cel-js";
import { type Sizes, sizeOf } from "./cel-value.ts";

interface Evaluator {
  run(node: object, context: unknown): unknown;
}

const exhausted = new Error("the filter has used up its steps");

export class Meter {
  /** Nodes whose value is an operand of ==, != or in. */
  readonly compared = new WeakSet<object>();
  #sizes: Sizes = new WeakMap();
  #left = 0;

  /** Puts this meter in front of everything that `environment` evaluates from now on. */
  install(environment: Environment): void {
    environment.registerFunction("installMeter(ast): bool", () => ({
      async: false,
      typeCheck: (checker: { getType(name: string): unknown }) => checker.getType("bool"),
      evaluate: (evaluator: Evaluator) => {
        const run = evaluator.run;
        evaluator.run = (node, context) => {
          this.spend(1);
          const value: unknown = run.call(evaluator, node, context);
          if (typeof value === "string") this.spend(value.length >> 5);
          else if (Array.isArray(value)) this.spend(value.length);
          if (this.compared.has(node)) this.spend(sizeOf(value, this.#sizes));
          return value;
        };
        return true;
      },
    }));
    environment.evaluate("installMeter(true)");
  }

  /** Begins one evaluation with `steps` to spend on values whose sizes are known. */
  start(steps: number, sizes: Sizes): void {
    this.#left = steps;
    this.#sizes = sizes;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw exhausted;
  }

  isExhausted(): boolean {
    return this.#left < 0;
  }
}
