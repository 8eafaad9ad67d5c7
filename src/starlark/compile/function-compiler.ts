/** Compiles the statements of a function, or of the top level of a file. */
import type { SourceFile } from "../source-file.ts";
import type * as ast from "../syntax/ast.ts";
import type { FunctionScope } from "../syntax/binding.ts";
import type { FunctionCode } from "../value/function-code.ts";
import { compileAssign, compileAssignment, compileAugmented } from "./assignment-compiler.ts";
import { CodeBuilder } from "./code-builder.ts";
import type { PendingJump } from "./compiler.ts";
import { ExpressionCompiler } from "./expression-compiler.ts";
import { Flow, type Step } from "./flow.ts";
import { compileLoop, type LoopContext } from "./loop-compiler.ts";
import { Op } from "./opcodes.ts";

export interface CompileContext {
  readonly source: SourceFile;
  readonly allowsRecursion: boolean;
  /** The number of a name bound by `load`, in the order of the file. */
  readonly loadIndex: (name: ast.Name) => number;
}

/** Compiles a resolved function. */
export function compileFunction(node: ast.FunctionNode, context: CompileContext): FunctionCode {
  return new FunctionCompiler(node.scope ?? { locals: [], captured: [] }, context).function(node);
}

/** Compiles the top level of a resolved file, as a function without parameters. */
export function compileTopLevel(
  file: ast.FileNode,
  scope: FunctionScope,
  context: CompileContext,
): FunctionCode {
  const node = { name: "<toplevel>", start: 0, parameters: [], body: file.body, scope };
  return new FunctionCompiler(scope, context).function(node);
}

class FunctionCompiler {
  private readonly scope: FunctionScope;
  private readonly context: CompileContext;
  private readonly builder: CodeBuilder;
  private readonly flow = new Flow();
  private readonly expressions: ExpressionCompiler;
  private readonly loops: LoopContext[] = [];

  constructor(scope: FunctionScope, context: CompileContext) {
    this.scope = scope;
    this.context = context;
    this.builder = new CodeBuilder(scope.locals.length);
    this.expressions = new ExpressionCompiler(this.builder, this.flow, scope.locals.length, (nested) => {
      this.builder.functions.push(compileFunction(nested, context));
      return this.builder.functions.length - 1;
    });
  }

  function(node: ast.FunctionNode): FunctionCode {
    const { locals, captured } = this.scope;
    const plain = node.parameters.filter((parameter) => parameter.kind === "plain");
    const starIndex = node.parameters.findIndex((parameter) => parameter.kind === "star");
    const beforeStar = starIndex < 0 ? node.parameters : node.parameters.slice(0, starIndex);
    const positionalCount = beforeStar.filter((parameter) => parameter.kind === "plain").length;
    const hasVarargs = starIndex >= 0 && node.parameters[starIndex]?.name !== undefined;
    const hasKwargs = node.parameters.some((parameter) => parameter.kind === "starstar");
    const parameterCount = plain.length + Number(hasVarargs) + Number(hasKwargs);
    for (let i = 0; i < parameterCount; i++) this.flow.bind(i);
    this.statements(node.body);
    if (this.flow.isReachable) {
      this.builder.emit(Op.Return, this.builder.constant(null), 0, 0, node.body.at(-1)?.end ?? node.start);
    }
    const { code, offsets } = this.builder.finish();
    const cellRegisters = locals.flatMap((local) => (local.scope === "cell" ? [local.index] : []));
    return {
      name: node.name,
      source: this.context.source,
      start: node.start,
      doc: docstring(node.body),
      code,
      offsets,
      constants: this.builder.constants,
      names: this.builder.names,
      callShapes: this.builder.callShapes,
      functions: this.builder.functions,
      registerCount: this.builder.registerCount,
      parameterNames: locals.slice(0, parameterCount).map((local) => local.name),
      positionalCount,
      keywordOnlyCount: plain.length - positionalCount,
      hasVarargs,
      hasKwargs,
      isSimple: parameterCount === positionalCount,
      hasPrologue: cellRegisters.length + this.expressions.checkedLocals.size > 0,
      optionalParameters: plain.map((parameter) => parameter.defaultValue !== undefined),
      allowsRecursion: this.context.allowsRecursion,
      localNames: locals.map((local) => local.name),
      unboundRegisters: [...this.expressions.checkedLocals],
      cellRegisters,
      captures: captured.map(({ scope, index }) => ({ fromCell: scope !== "free", index })),
      freeNames: captured.map((binding) => binding.name),
    };
  }

  private statements(body: readonly ast.Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  private statement(node: ast.Statement): void {
    const mark = this.builder.mark();
    switch (node.kind) {
      case "expression":
        // A literal by itself, such as a docstring, does nothing.
        if (node.expression.kind !== "string") this.expressions.operand(node.expression);
        break;
      case "assign":
        if (node.operator === undefined) compileAssign(this.expressions, node);
        else compileAugmented(this.expressions, node, node.operator);
        break;
      case "def":
        this.def(node);
        break;
      case "if":
        this.ifStatement(node);
        break;
      case "for":
        this.forStatement(node);
        break;
      case "while":
        this.whileStatement(node);
        break;
      case "return":
        this.returnStatement(node);
        break;
      case "break":
      case "continue":
        this.jump(node);
        break;
      case "load":
        this.load(node);
        break;
    }
    this.builder.release(mark);
  }

  private def(node: ast.DefStatement): void {
    const register = this.builder.allocate();
    this.expressions.function(node.function, register);
    compileAssignment(this.expressions, node.name, register);
  }

  private ifStatement(node: ast.IfStatement): void {
    const ends: PendingJump[] = [];
    const states: (Step | undefined)[] = [];
    for (const [i, { test, body }] of node.branches.entries()) {
      const isLast = i === node.branches.length - 1 && node.otherwise === undefined;
      const skip = this.expressions.condition(test, false);
      const atBranch = this.flow.save();
      this.statements(body);
      if (this.flow.isReachable && !isLast) {
        ends.push({ at: this.builder.emit(Op.Jump, 0, 0, 0, node.start), operand: 1 });
      }
      states.push(this.flow.save());
      this.expressions.land(skip);
      this.flow.restore(atBranch);
    }
    this.statements(node.otherwise ?? []);
    for (const state of states) this.flow.join(state);
    this.expressions.land(ends);
  }

  private forStatement(node: ast.ForStatement): void {
    const exits = compileLoop(this.expressions, node.target, node.iterable, node.start, (loop) => {
      this.loops.push(loop);
      this.statements(node.body);
      this.loops.pop();
    });
    this.expressions.land(exits);
  }

  private whileStatement(node: ast.WhileStatement): void {
    const { builder, flow } = this;
    const top = builder.here;
    const exits = this.expressions.condition(node.test, false);
    const before = flow.save();
    const loop: LoopContext = { iteration: undefined, breaks: [], continues: [] };
    this.loops.push(loop);
    this.statements(node.body);
    this.loops.pop();
    this.expressions.land(loop.continues);
    builder.emit(Op.Loop, top, 0, 0, node.start);
    flow.restore(before);
    this.expressions.land([...exits, ...loop.breaks]);
  }

  private jump(node: ast.JumpStatement): void {
    const loop = this.loops.at(-1);
    if (loop === undefined) return;
    const at = this.builder.emit(Op.Jump, 0, 0, 0, node.start);
    (node.kind === "break" ? loop.breaks : loop.continues).push({ at, operand: 1 });
    this.flow.stop();
  }

  private returnStatement(node: ast.ReturnStatement): void {
    const { builder } = this;
    const value = node.value === undefined ? builder.constant(null) : this.expressions.operand(node.value);
    for (const loop of [...this.loops].reverse()) {
      if (loop.iteration !== undefined) builder.emit(Op.EndIteration, loop.iteration, 0, 0, node.start);
    }
    builder.emit(Op.Return, value, 0, 0, node.start);
    this.flow.stop();
  }

  private load(node: ast.LoadStatement): void {
    const register = this.builder.allocate();
    for (const { local } of node.bindings) {
      this.builder.emit(Op.LoadName, register, this.context.loadIndex(local), 0, node.start);
      compileAssignment(this.expressions, local, register);
    }
  }
}

function docstring(body: readonly ast.Statement[]): string | undefined {
  const [first] = body;
  return first?.kind === "expression" && first.expression.kind === "string"
    ? first.expression.value
    : undefined;
}
