/**
 * Compiles expressions.
 *
 * An operand is a register, or a negative number for a constant. A local variable is used in its
 * own register: nothing in an expression can rebind it. A value that is built in several steps is
 * built in a register of its own, never in a variable's, which the steps may still read.
 */
import type * as ast from "../syntax/ast.ts";
import type { Binding } from "../syntax/binding.ts";
import { chainOf } from "../syntax/operator-chain.ts";
import { StarlarkBytes } from "../value/bytes.ts";
import { StarlarkFloat } from "../value/float.ts";
import { negateInt } from "../value/int.ts";
import { compileCall } from "./call-compiler.ts";
import type { CodeBuilder } from "./code-builder.ts";
import type { Compiler, PendingJump } from "./compiler.ts";
import { compileComprehension } from "./comprehension-compiler.ts";
import type { Flow } from "./flow.ts";
import { Op } from "./opcodes.ts";

/** A longer display is built piece by piece, so that it does not need a register per element. */
const MAX_DISPLAY_REGISTERS = 64;

type ValueOperator = Exclude<ast.BinaryExpression["operator"], "and" | "or">;

const BINARY_OPCODES: Readonly<Record<ValueOperator, number>> = {
  "+": Op.Add,
  "-": Op.Subtract,
  "*": Op.Multiply,
  "/": Op.Divide,
  "//": Op.FloorDivide,
  "%": Op.Modulo,
  "&": Op.BitAnd,
  "|": Op.BitOr,
  "^": Op.BitXor,
  "<<": Op.ShiftLeft,
  ">>": Op.ShiftRight,
  "==": Op.Equal,
  "!=": Op.NotEqual,
  "<": Op.Less,
  "<=": Op.LessEqual,
  ">": Op.Greater,
  ">=": Op.GreaterEqual,
  in: Op.In,
  "not in": Op.NotIn,
};

/** Jump when the comparison holds, and when it does not. */
const COMPARISON_JUMPS: ReadonlyMap<string, readonly [whenTrue: number, whenFalse: number]> = new Map([
  ["==", [Op.JumpEqual, Op.JumpNotEqual]],
  ["!=", [Op.JumpNotEqual, Op.JumpEqual]],
  ["<", [Op.JumpLess, Op.JumpNotLess]],
  ["<=", [Op.JumpLessEqual, Op.JumpNotLessEqual]],
  [">", [Op.JumpGreater, Op.JumpNotGreater]],
  [">=", [Op.JumpGreaterEqual, Op.JumpNotGreaterEqual]],
]);

export class ExpressionCompiler implements Compiler {
  readonly builder: CodeBuilder;
  readonly flow: Flow;
  private readonly localCount: number;
  private readonly compileFunction: (node: ast.FunctionNode) => number;
  /** Locals whose reads are checked at run time. */
  readonly checkedLocals = new Set<number>();

  /** `compileFunction` compiles a nested function and returns its number. */
  constructor(
    builder: CodeBuilder,
    flow: Flow,
    localCount: number,
    compileFunction: (node: ast.FunctionNode) => number,
  ) {
    this.builder = builder;
    this.flow = flow;
    this.localCount = localCount;
    this.compileFunction = compileFunction;
  }

  operand(node: ast.Expression): number {
    const constant = this.constantOperand(node);
    if (constant !== undefined) return constant;
    if (node.kind === "name" && node.binding?.scope === "local") {
      this.checkBound(node.binding.index, node.start);
      return node.binding.index;
    }
    return this.toTemporary(node);
  }

  /** Evaluates into a register of its own. */
  private toTemporary(node: ast.Expression): number {
    const register = this.builder.allocate();
    this.into(node, register);
    return register;
  }

  private constantOperand(node: ast.Expression): number | undefined {
    switch (node.kind) {
      case "int":
      case "string":
        return this.builder.constant(node.value);
      case "float":
        return this.builder.constant(new StarlarkFloat(node.value));
      case "bytes":
        return this.builder.constant(new StarlarkBytes(node.value));
      case "unary":
        if (node.operator === "-" && node.operand.kind === "int") {
          return this.builder.constant(negateInt(node.operand.value));
        }
        if (node.operator === "-" && node.operand.kind === "float") {
          return this.builder.constant(new StarlarkFloat(-node.operand.value));
        }
        return undefined;
      case "name":
        return this.constantName(node);
      default:
        return undefined;
    }
  }

  private constantName({ name, binding }: ast.Name): number | undefined {
    if (binding?.scope !== "universal") return undefined;
    if (name === "None") return this.builder.constant(null);
    if (name === "True") return this.builder.constant(true);
    return name === "False" ? this.builder.constant(false) : undefined;
  }

  private checkBound(register: number, offset: number): void {
    if (this.flow.isBound(register)) return;
    this.checkedLocals.add(register);
    this.builder.emit(Op.CheckBound, register, 0, 0, offset);
    this.flow.bind(register);
  }

  into(node: ast.Expression, target: number): void {
    const mark = this.builder.mark();
    this.evaluate(node, target);
    this.builder.release(mark);
  }

  private evaluate(node: ast.Expression, target: number): void {
    const { builder } = this;
    switch (node.kind) {
      case "name":
        this.name(node, target);
        break;
      case "list":
      case "tuple":
        this.sequence(node, target);
        break;
      case "dict":
        this.built(target, (register) => this.dict(node, register), node.start);
        break;
      case "comprehension":
        this.built(target, (register) => compileComprehension(this, node, register), node.start);
        break;
      case "unary":
        this.unary(node, target);
        break;
      case "binary":
        this.binary(node, target);
        break;
      case "conditional":
        this.conditional(node, target);
        break;
      case "lambda":
        this.function(node.function, target);
        break;
      case "call":
        compileCall(this, node, target);
        break;
      case "index": {
        const object = this.operand(node.object);
        const index = this.operand(node.index);
        builder.emit(Op.Index, target, object, index, node.bracket);
        break;
      }
      case "slice":
        this.slice(node, target);
        break;
      case "dot": {
        const object = this.operand(node.object);
        builder.emit(Op.Attribute, target, object, builder.nameIndex(node.attribute), node.dot);
        break;
      }
      default:
        builder.emit(Op.Move, target, this.operand(node), 0, node.start);
    }
  }

  private name(node: ast.Name, target: number): void {
    const constant = this.constantName(node);
    if (constant !== undefined) this.builder.emit(Op.Move, target, constant, 0, node.start);
    else if (node.binding !== undefined) this.variable(node.binding, target, node.start);
  }

  /** Reads a variable. */
  variable(binding: Binding, target: number, offset: number): void {
    const { index } = binding;
    switch (binding.scope) {
      case "local":
        this.checkBound(index, offset);
        if (index !== target) this.builder.emit(Op.Move, target, index, 0, offset);
        break;
      case "cell":
        this.builder.emit(Op.GetCell, target, index, 0, offset);
        break;
      case "free":
        this.builder.emit(Op.GetFree, target, index, 0, offset);
        break;
      case "global":
        this.builder.emit(Op.GetGlobal, target, index, 0, offset);
        break;
      default:
        this.builder.emit(Op.GetPredeclared, target, index, 0, offset);
    }
  }

  /** Lets `build` make a value in steps, in a register that no variable lives in. */
  private built(target: number, build: (register: number) => void, offset: number): void {
    if (target >= this.localCount) {
      build(target);
      return;
    }
    const register = this.builder.allocate();
    build(register);
    this.builder.emit(Op.Move, target, register, 0, offset);
  }

  private sequence(node: ast.SequenceExpression, target: number): void {
    const { builder } = this;
    const opcode = node.kind === "list" ? Op.MakeList : Op.MakeTuple;
    const { items } = node;
    if (items.length <= MAX_DISPLAY_REGISTERS) {
      const first = builder.allocate(items.length);
      for (const [i, item] of items.entries()) this.into(item, first + i);
      builder.emit(opcode, target, first, items.length, node.start);
      return;
    }
    const list = builder.allocate();
    builder.emit(Op.MakeList, list, list, 0, node.start);
    for (const item of items) {
      const mark = builder.mark();
      builder.emit(Op.Append, list, this.operand(item), 0, item.start);
      builder.release(mark);
    }
    builder.emit(node.kind === "list" ? Op.Move : Op.ListToTuple, target, list, 0, node.start);
  }

  private dict(node: ast.DictExpression, register: number): void {
    const { builder } = this;
    builder.emit(Op.MakeDict, register, 0, 0, node.start);
    for (const entry of node.entries) {
      const mark = builder.mark();
      const key = this.operand(entry.key);
      const value = this.operand(entry.value);
      builder.emit(Op.AddEntry, register, key, value, entry.colon);
      builder.release(mark);
    }
  }

  private unary(node: ast.UnaryExpression, target: number): void {
    const constant = this.constantOperand(node);
    if (constant !== undefined) {
      this.builder.emit(Op.Move, target, constant, 0, node.start);
      return;
    }
    const opcodes = { "-": Op.Negate, "+": Op.Plus, "~": Op.Invert, not: Op.Not } as const;
    this.builder.emit(opcodes[node.operator], target, this.operand(node.operand), 0, node.start);
  }

  private binary(node: ast.BinaryExpression, target: number): void {
    if (node.operator === "and" || node.operator === "or") {
      this.built(target, (register) => this.logical(node, register), node.operatorStart);
      return;
    }
    const { builder } = this;
    const chain = chainOf(node);
    let left = this.operand(chain[0]?.left ?? node.left);
    // What all operations but the last leave for the next; not in a variable, which may still be read.
    const between = chain.length === 1 || target >= this.localCount ? target : builder.allocate();
    for (const operation of chain) {
      const mark = builder.mark();
      const opcode = BINARY_OPCODES[operation.operator as ValueOperator];
      const right = this.operand(operation.right);
      const result = operation === node ? target : between;
      builder.emit(opcode, result, left, right, operation.operatorStart);
      builder.release(mark);
      left = result;
    }
  }

  private logical(node: ast.BinaryExpression, register: number): void {
    const { builder, flow } = this;
    const chain = chainOf(node);
    const opcode = node.operator === "and" ? Op.JumpIfNot : Op.JumpIf;
    this.into(chain[0]?.left ?? node.left, register);
    const bound = flow.save();
    const jumps: PendingJump[] = [];
    for (const { right, operatorStart } of chain) {
      jumps.push({ at: builder.emit(opcode, register, 0, 0, operatorStart), operand: 2 });
      this.into(right, register);
    }
    flow.join(bound);
    this.land(jumps);
  }

  private conditional(node: ast.ConditionalExpression, target: number): void {
    const { builder, flow } = this;
    const falseJumps = this.condition(node.test, false);
    const atBranch = flow.save();
    this.into(node.whenTrue, target);
    const end = builder.emit(Op.Jump, 0, 0, 0, node.start);
    const afterTrue = flow.save();
    this.land(falseJumps);
    flow.restore(atBranch);
    this.into(node.whenFalse, target);
    flow.join(afterTrue);
    builder.patch(end, 1);
  }

  condition(node: ast.Expression, sense: boolean): PendingJump[] {
    const { builder } = this;
    const mark = builder.mark();
    const jumps = this.conditionJumps(node, sense);
    builder.release(mark);
    return jumps;
  }

  private conditionJumps(node: ast.Expression, sense: boolean): PendingJump[] {
    const { builder } = this;
    if (node.kind === "unary" && node.operator === "not") return this.condition(node.operand, !sense);
    if (node.kind === "binary") {
      if (node.operator === "and" || node.operator === "or") return this.logicalJumps(node, sense);
      const opcodes = COMPARISON_JUMPS.get(node.operator);
      if (opcodes !== undefined) {
        const left = this.operand(node.left);
        const right = this.operand(node.right);
        const at = builder.emit(opcodes[sense ? 0 : 1], left, right, 0, node.operatorStart);
        return [{ at, operand: 3 }];
      }
    }
    const value = this.operand(node);
    return [{ at: builder.emit(sense ? Op.JumpIf : Op.JumpIfNot, value, 0, 0, node.start), operand: 2 }];
  }

  private logicalJumps(node: ast.BinaryExpression, sense: boolean): PendingJump[] {
    // `a and b` is false, and `a or b` true, as soon as a is.
    const decisive = node.operator === "or";
    const chain = chainOf(node);
    const decided = this.condition(chain[0]?.left ?? node.left, decisive);
    const bound = this.flow.save();
    for (const { right } of chain.slice(0, -1)) {
      for (const jump of this.condition(right, decisive)) decided.push(jump);
    }
    const last = this.condition(node.right, sense);
    this.flow.join(bound);
    if (decisive === sense) return [...decided, ...last];
    this.land(decided);
    return last;
  }

  land(jumps: readonly PendingJump[]): void {
    for (const { at, operand } of jumps) this.builder.patch(at, operand);
  }

  private slice(node: ast.SliceExpression, target: number): void {
    const { builder } = this;
    const object = this.operand(node.object);
    const first = builder.allocate(3);
    for (const [i, part] of [node.low, node.high, node.step].entries()) {
      if (part !== undefined) this.into(part, first + i);
      else builder.emit(Op.Move, first + i, builder.constant(null), 0, node.bracket);
    }
    builder.emit(Op.Slice, target, object, first, node.bracket);
  }

  /** Makes a function value: evaluates its defaults, then binds what it captures. */
  function(node: ast.FunctionNode, target: number): void {
    const { builder } = this;
    const defaults = node.parameters.flatMap((parameter) => parameter.defaultValue ?? []);
    const first = builder.allocate(defaults.length);
    for (const [i, value] of defaults.entries()) this.into(value, first + i);
    builder.emit(Op.MakeFunction, target, this.compileFunction(node), first, node.start);
  }
}
