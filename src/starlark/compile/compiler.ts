/** What the compilers of calls, comprehensions, loops and assignments need of the one of expressions. */
import type * as ast from "../syntax/ast.ts";
import type { CodeBuilder } from "./code-builder.ts";
import type { Flow } from "./flow.ts";

/** A jump to be patched: the instruction, and which of its words is the target. */
export interface PendingJump {
  readonly at: number;
  readonly operand: 1 | 2 | 3;
}

export interface Compiler {
  readonly builder: CodeBuilder;
  readonly flow: Flow;

  /** Evaluates to an operand: a variable's register, a constant, or a register of its own. */
  operand(node: ast.Expression): number;

  /** Evaluates into a register, which may be a variable's. */
  into(node: ast.Expression, target: number): void;

  /**
   * Evaluates a condition and jumps when it comes out as `sense`; otherwise execution goes on. The
   * caller lands the jumps.
   */
  condition(node: ast.Expression, sense: boolean): PendingJump[];

  /** Makes jumps go to the next instruction. */
  land(jumps: readonly PendingJump[]): void;
}
