/** Compiles assignments: to names, elements, attributes, and sequences of those. */
import type * as ast from "../syntax/ast.ts";
import type { Compiler } from "./compiler.ts";
import { Op } from "./opcodes.ts";

/** Assigns a value that has been evaluated to a target. */
export function compileAssignment(compiler: Compiler, target: ast.Expression, value: number): void {
  const { builder } = compiler;
  const mark = builder.mark();
  switch (target.kind) {
    case "name":
      assignName(compiler, target, value);
      break;
    case "index": {
      const object = compiler.operand(target.object);
      const index = compiler.operand(target.index);
      builder.emit(Op.SetIndex, object, index, value, target.bracket);
      break;
    }
    case "dot": {
      const object = compiler.operand(target.object);
      builder.emit(Op.SetAttribute, object, builder.nameIndex(target.attribute), value, target.dot);
      break;
    }
    case "list":
    case "tuple": {
      const first = builder.allocate(target.items.length);
      builder.emit(Op.Unpack, value, first, target.items.length, target.start);
      for (const [i, item] of target.items.entries()) compileAssignment(compiler, item, first + i);
      break;
    }
  }
  builder.release(mark);
}

/** Compiles `target = value`. */
export function compileAssign(compiler: Compiler, node: ast.AssignStatement): void {
  const { builder } = compiler;
  const { target } = node;
  const mark = builder.mark();
  if (target.kind === "name" && target.binding?.scope === "local") {
    compiler.into(node.value, target.binding.index);
    compiler.flow.bind(target.binding.index);
  } else if (isDisplay(target) && isDisplay(node.value) && isPairwise(target, node.value)) {
    // `a, b = b, a` needs no tuple: all values are evaluated before any is assigned.
    const { items } = target;
    const values = node.value.items.map((item) => {
      const register = builder.allocate();
      compiler.into(item, register);
      return register;
    });
    for (const [i, value] of values.entries()) {
      const item = items[i];
      if (item !== undefined) compileAssignment(compiler, item, value);
    }
  } else {
    compileAssignment(compiler, target, compiler.operand(node.value));
  }
  builder.release(mark);
}

function isDisplay(node: ast.Expression): node is ast.SequenceExpression {
  return node.kind === "list" || node.kind === "tuple";
}

/** Both sides have the same length, short enough for a register per value. */
function isPairwise(target: ast.SequenceExpression, value: ast.SequenceExpression): boolean {
  return target.items.length === value.items.length && value.items.length <= 16;
}

function assignName(compiler: Compiler, name: ast.Name, value: number): void {
  const { builder, flow } = compiler;
  if (name.binding === undefined) return;
  const { scope, index } = name.binding;
  if (scope === "local") {
    builder.emit(Op.Move, index, value, 0, name.start);
    flow.bind(index);
  } else builder.emit(scope === "cell" ? Op.SetCell : Op.SetGlobal, index, value, 0, name.start);
}

const AUGMENTED_OPCODES: Readonly<Record<ast.ArithmeticOperator, number>> = {
  "+": Op.InPlaceAdd,
  "-": Op.InPlaceSubtract,
  "*": Op.Multiply,
  "/": Op.Divide,
  "//": Op.FloorDivide,
  "%": Op.Modulo,
  "&": Op.InPlaceAnd,
  "|": Op.InPlaceOr,
  "^": Op.InPlaceXor,
  "<<": Op.ShiftLeft,
  ">>": Op.ShiftRight,
};

/** Compiles `target op= value`: the target's parts are evaluated once, before the value. */
export function compileAugmented(
  compiler: Compiler,
  node: ast.AssignStatement,
  operator: ast.ArithmeticOperator,
): void {
  const { builder } = compiler;
  const { target } = node;
  const mark = builder.mark();
  const combine = (into: number, current: number) => {
    const value = compiler.operand(node.value);
    builder.emit(AUGMENTED_OPCODES[operator], into, current, value, node.operatorStart);
  };
  switch (target.kind) {
    case "name": {
      const current = compiler.operand(target);
      if (target.binding?.scope === "local") {
        combine(current, current);
        break;
      }
      const result = builder.allocate();
      combine(result, current);
      assignName(compiler, target, result);
      break;
    }
    case "index": {
      const object = compiler.operand(target.object);
      const index = compiler.operand(target.index);
      const result = builder.allocate();
      builder.emit(Op.Index, result, object, index, target.bracket);
      combine(result, result);
      builder.emit(Op.SetIndex, object, index, result, target.bracket);
      break;
    }
    case "dot": {
      const object = compiler.operand(target.object);
      const name = builder.nameIndex(target.attribute);
      const result = builder.allocate();
      builder.emit(Op.Attribute, result, object, name, target.dot);
      combine(result, result);
      builder.emit(Op.SetAttribute, object, name, result, target.dot);
      break;
    }
  }
  builder.release(mark);
}
