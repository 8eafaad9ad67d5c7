/** Compiles calls: arguments go into consecutive registers, which become the callee's first ones. */
import type * as ast from "../syntax/ast.ts";
import type { Compiler } from "./compiler.ts";
import { Op } from "./opcodes.ts";

/** Compiles a call; its result goes to a register. */
export function compileCall(compiler: Compiler, node: ast.CallExpression, target: number): void {
  const { builder } = compiler;
  const onlyPositional = node.arguments.every((argument) => argument.kind === "positional");
  const count = node.arguments.length;
  // Unlike operands, which may stay where they are, callee and arguments need the top registers.
  const base = builder.allocate();
  if (onlyPositional && node.callee.kind === "dot") {
    compiler.into(node.callee.object, base);
    compileArguments(compiler, node);
    const name = builder.nameIndex(node.callee.attribute);
    builder.emit(Op.CallMethod, target, base, name * 256 + count, node.parenthesis);
    return;
  }
  compiler.into(node.callee, base);
  compileArguments(compiler, node);
  if (onlyPositional) {
    builder.emit(Op.Call, target, base, count, node.parenthesis);
    return;
  }
  const shape = builder.callShapes.length;
  builder.callShapes.push({
    positionalCount: node.arguments.filter((argument) => argument.kind === "positional").length,
    names: node.arguments.flatMap((argument) => argument.name?.name ?? []),
    hasStar: node.arguments.some((argument) => argument.kind === "star"),
    hasStarStar: node.arguments.some((argument) => argument.kind === "starstar"),
    plan: undefined,
  });
  builder.emit(Op.CallShape, target, base, shape, node.parenthesis);
}

function compileArguments(compiler: Compiler, node: ast.CallExpression): void {
  const first = compiler.builder.allocate(node.arguments.length);
  for (const [i, argument] of node.arguments.entries()) compiler.into(argument.value, first + i);
}
