/** Compiles the loops of `for` statements and comprehensions. */
import type * as ast from "../syntax/ast.ts";
import { compileAssignment } from "./assignment-compiler.ts";
import type { Compiler, PendingJump } from "./compiler.ts";
import { Op } from "./opcodes.ts";

/** What the body of a loop needs to know to leave it or to go on. */
export interface LoopContext {
  /** The register of the active iteration; undefined for a loop over a range, which needs no end. */
  readonly iteration: number | undefined;
  /** Jumps of `break` and `continue`, landed by the loop. */
  readonly breaks: PendingJump[];
  readonly continues: PendingJump[];
}

/**
 * Compiles a loop over the elements of an iterable. Returns the jumps that leave it when there are
 * no more elements, together with those of `break`; by then the iteration has ended.
 */
export function compileLoop(
  compiler: Compiler,
  target: ast.Expression,
  iterable: ast.Expression,
  offset: number,
  compileBody: (loop: LoopContext) => void,
): PendingJump[] {
  const rangeArguments = rangeCall(iterable);
  return rangeArguments === undefined
    ? compileIteration(compiler, target, iterable, offset, compileBody)
    : compileRangeLoop(compiler, target, iterable as ast.CallExpression, rangeArguments, offset, compileBody);
}

/** The arguments of a call of the universal `range`, which the machine loops over by counting. */
function rangeCall(iterable: ast.Expression): readonly ast.Expression[] | undefined {
  if (iterable.kind !== "call" || iterable.callee.kind !== "name") return undefined;
  const { name, binding } = iterable.callee;
  if (name !== "range" || binding?.scope !== "universal") return undefined;
  const args = iterable.arguments;
  if (args.length < 1 || args.length > 3) return undefined;
  if (!args.every((argument) => argument.kind === "positional")) return undefined;
  return args.map((argument) => argument.value);
}

function compileRangeLoop(
  compiler: Compiler,
  target: ast.Expression,
  call: ast.CallExpression,
  args: readonly ast.Expression[],
  offset: number,
  compileBody: (loop: LoopContext) => void,
): PendingJump[] {
  const { builder, flow } = compiler;
  const mark = builder.mark();
  const counter = builder.allocate(3);
  const firstArgument = builder.allocate(args.length);
  for (const [i, argument] of args.entries()) compiler.into(argument, firstArgument + i);
  builder.emit(Op.PrepareRange, counter, firstArgument, args.length, call.parenthesis);
  builder.release(firstArgument);
  const before = flow.save();
  const entry = builder.emit(Op.Jump, 0, 0, 0, offset);
  const loop: LoopContext = { iteration: undefined, breaks: [], continues: [] };
  const bodyStart = builder.here;
  const element = loopVariable(compiler, target);
  assignLoopVariable(compiler, target, element);
  compileBody(loop);
  compiler.land(loop.continues);
  builder.patch(entry, 1);
  // The test is at the bottom: one instruction per turn.
  builder.emit(Op.NextInRange, counter, element, bodyStart, offset);
  flow.restore(before);
  builder.release(mark);
  return loop.breaks;
}

function compileIteration(
  compiler: Compiler,
  target: ast.Expression,
  iterable: ast.Expression,
  offset: number,
  compileBody: (loop: LoopContext) => void,
): PendingJump[] {
  const { builder, flow } = compiler;
  const mark = builder.mark();
  const iteration = builder.allocate();
  const innerMark = builder.mark();
  builder.emit(Op.Iterate, iteration, compiler.operand(iterable), 0, offset);
  builder.release(innerMark);
  const before = flow.save();
  const loop: LoopContext = { iteration, breaks: [], continues: [] };
  const top = builder.here;
  const element = loopVariable(compiler, target);
  const exit = builder.emit(Op.Next, iteration, element, 0, offset);
  assignLoopVariable(compiler, target, element);
  compileBody(loop);
  compiler.land(loop.continues);
  builder.emit(Op.Loop, top, 0, 0, offset);
  flow.restore(before);
  builder.patch(exit, 3);
  compiler.land(loop.breaks);
  builder.emit(Op.EndIteration, iteration, 0, 0, offset);
  builder.release(mark);
  return [];
}

/** The register that receives each element: the variable's own where it has one. */
function loopVariable(compiler: Compiler, target: ast.Expression): number {
  if (target.kind === "name" && target.binding?.scope === "local") return target.binding.index;
  return compiler.builder.allocate();
}

function assignLoopVariable(compiler: Compiler, target: ast.Expression, element: number): void {
  if (target.kind === "name" && target.binding?.scope === "local") compiler.flow.bind(element);
  else compileAssignment(compiler, target, element);
}
