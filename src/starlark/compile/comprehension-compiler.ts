/** Compiles comprehensions: loops inline in the function they are in, without a call. */
import type * as ast from "../syntax/ast.ts";
import type { Compiler } from "./compiler.ts";
import { compileLoop } from "./loop-compiler.ts";
import { Op } from "./opcodes.ts";

/** Compiles a comprehension whose list or dict is built in a register that no variable lives in. */
export function compileComprehension(compiler: Compiler, node: ast.Comprehension, register: number): void {
  const { builder, flow } = compiler;
  if ("key" in node.body) builder.emit(Op.MakeDict, register, 0, 0, node.start);
  else builder.emit(Op.MakeList, register, register, 0, node.start);
  const bound = flow.save();
  compileClauses(compiler, node, 0, register);
  flow.restore(bound);
}

function compileClauses(compiler: Compiler, node: ast.Comprehension, index: number, register: number): void {
  const clause = node.clauses[index];
  if (clause === undefined) {
    compileElement(compiler, node, register);
    return;
  }
  const inner = () => compileClauses(compiler, node, index + 1, register);
  if (clause.kind === "for") {
    const exits = compileLoop(compiler, clause.target, clause.iterable, clause.start, inner);
    compiler.land(exits);
    return;
  }
  const skip = compiler.condition(clause.test, false);
  inner();
  compiler.land(skip);
}

function compileElement(compiler: Compiler, node: ast.Comprehension, register: number): void {
  const { builder } = compiler;
  const mark = builder.mark();
  if ("key" in node.body) {
    const key = compiler.operand(node.body.key);
    const value = compiler.operand(node.body.value);
    builder.emit(Op.PutEntry, register, key, value, node.body.colon);
  } else builder.emit(Op.Append, register, compiler.operand(node.body), 0, node.body.start);
  builder.release(mark);
}
