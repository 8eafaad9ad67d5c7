/**
 * Decides what every name refers to, and checks what the grammar does not: order of parameters and
 * arguments, targets of assignments, where statements may stand. Fills in the tree's `binding` and
 * `scope` fields.
 *
 * Names that a block binds belong to the whole block. A name bound at top level is a global, one
 * bound by `load` is too but is not exported. Every other name is predeclared by the host or
 * universal, or it is an error.
 */
import type { Dialect } from "../dialect.ts";
import type { SourceFile } from "../source-file.ts";
import type * as ast from "../syntax/ast.ts";
import type { Binding, FunctionScope } from "../syntax/binding.ts";
import type { Diagnostics } from "../syntax/diagnostics.ts";
import { chainOf } from "../syntax/operator-chain.ts";
import { nearestName } from "../value/spelling.ts";
import { checkArguments } from "./arguments-check.ts";
import { Block } from "./block.ts";
import { boundNames, targetNames } from "./bound-names.ts";
import { bindParameters } from "./parameters-check.ts";

export interface ResolverOptions {
  readonly dialect: Dialect;
  readonly isPredeclared: (name: string) => boolean;
  readonly isUniversal: (name: string) => boolean;
  /** All names known from outside, for "did you mean". */
  readonly outsideNames: () => Iterable<string>;
}

export interface GlobalVariable {
  readonly name: string;
  readonly start: number;
  /** Bound by `load`, so visible in this file only. */
  readonly isLoaded: boolean;
}

export interface ResolvedFile {
  readonly topLevel: FunctionScope;
  readonly globals: readonly GlobalVariable[];
  /** Names from outside that the file uses, by the index of their binding. */
  readonly outside: readonly Binding[];
}

/** Resolves a parsed file; errors go to the diagnostics. */
export function resolveFile(
  file: ast.FileNode,
  options: ResolverOptions,
  source: SourceFile,
  diagnostics: Diagnostics,
): ResolvedFile {
  return new Resolver(options, source, diagnostics).file(file);
}

/** A text with more undefined names than this has been mistaken for something else. */
const MAX_HINTS = 20;

interface Global extends GlobalVariable {
  readonly binding: Binding;
  /** Whether the statement that binds it has been passed. */
  reached: boolean;
}

class Resolver {
  private readonly options: ResolverOptions;
  private readonly source: SourceFile;
  private readonly diagnostics: Diagnostics;
  private readonly globals = new Map<string, Global>();
  private readonly outside = new Map<string, Binding>();
  /** How many names in `outside` are defined there. */
  private outsideCount = 0;
  private hintsLeft = MAX_HINTS;
  private readonly topLevel = new Block("file", undefined);
  private block = this.topLevel;
  private loops = 0;
  private conditionals = 0;

  constructor(options: ResolverOptions, source: SourceFile, diagnostics: Diagnostics) {
    this.options = options;
    this.source = source;
    this.diagnostics = diagnostics;
  }

  file(file: ast.FileNode): ResolvedFile {
    this.declareGlobals(file.body);
    this.statements(file.body);
    return {
      topLevel: this.topLevel.scope,
      globals: [...this.globals.values()],
      outside: [...this.outside.values()].filter((binding) => binding.scope !== "undefined"),
    };
  }

  private declareGlobals(body: readonly ast.Statement[]): void {
    const declare = (name: ast.Name, isLoaded: boolean) => {
      if (this.globals.has(name.name)) return;
      const { start } = name;
      const index = this.globals.size;
      const binding: Binding = { scope: "global", name: name.name, index, start, uses: 0 };
      this.globals.set(name.name, { name: name.name, start, isLoaded, binding, reached: false });
    };
    // Statement by statement, so that the order of globals is that of the file.
    for (const statement of body) {
      if (statement.kind === "load") {
        for (const { local } of statement.bindings) declare(local, !this.options.dialect.loadBindsGlobally);
      } else boundNames([statement], (name) => declare(name, false));
    }
  }

  private error(code: string, message: string, at: { start: number; end: number }, hint?: string): void {
    this.diagnostics.error(code, message, at.start, at.end, hint);
  }

  private get inFunction(): boolean {
    for (let block: Block | undefined = this.block; block !== undefined; block = block.parent) {
      if (block.kind === "function") return true;
    }
    return false;
  }

  private statements(body: readonly ast.Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  private statement(statement: ast.Statement): void {
    switch (statement.kind) {
      case "expression":
        this.expression(statement.expression);
        break;
      case "assign":
        this.expression(statement.value);
        this.target(statement.target, statement.operator !== undefined);
        break;
      case "def":
        this.bind(statement.name);
        this.function(statement.function);
        break;
      case "if":
        this.ifStatement(statement);
        break;
      case "for":
        this.requireFunction(statement, "for loop", 3);
        this.expression(statement.iterable);
        this.target(statement.target, false);
        this.loop(statement.body);
        break;
      case "while":
        this.whileStatement(statement);
        break;
      case "return":
        if (!this.inFunction) {
          this.error("return-outside-function", "return statement not within a function", statement);
        }
        if (statement.value !== undefined) this.expression(statement.value);
        break;
      case "break":
      case "continue":
        if (this.loops === 0) this.error("jump-outside-loop", `${statement.kind} not in a loop`, statement);
        break;
      case "load":
        this.load(statement);
        break;
    }
  }

  private requireFunction(statement: ast.Statement, what: string, keywordLength: number): void {
    if (this.options.dialect.topLevelControl || this.inFunction) return;
    const { start } = statement;
    this.error("top-level-control", `${what} not within a function`, { start, end: start + keywordLength });
  }

  private ifStatement(statement: ast.IfStatement): void {
    this.requireFunction(statement, "if statement", 2);
    this.conditionals++;
    for (const { test, body } of statement.branches) {
      this.expression(test);
      this.statements(body);
    }
    this.statements(statement.otherwise ?? []);
    this.conditionals--;
  }

  private whileStatement(statement: ast.WhileStatement): void {
    const { start } = statement;
    if (!this.options.dialect.while) {
      const message = "this Starlark dialect does not support while loops";
      this.error("while-loop", message, { start, end: start + 5 });
    }
    this.requireFunction(statement, "while loop", 5);
    this.expression(statement.test);
    this.loop(statement.body);
  }

  private loop(body: readonly ast.Statement[]): void {
    this.loops++;
    this.statements(body);
    this.loops--;
  }

  private load(statement: ast.LoadStatement): void {
    if (!this.options.dialect.load) {
      this.error("load", "this Starlark dialect does not support load statements", statement);
    }
    const place = this.inFunction
      ? "a function"
      : this.loops > 0
        ? "a loop"
        : this.conditionals > 0
          ? "a conditional"
          : undefined;
    if (place !== undefined) {
      this.error("nested-load", `load statement within ${place}`, {
        start: statement.start,
        end: statement.start + 4,
      });
      return;
    }
    for (const { local, original, originalStart } of statement.bindings) {
      const at = { start: originalStart, end: originalStart + original.length + 2 };
      if (original === "") {
        this.error("load-name", "load: empty identifier", at);
        continue;
      }
      if (original.startsWith("_")) {
        this.error("load-name", `load: names with leading underscores are not exported: ${original}`, at);
      }
      this.bindLoaded(local);
    }
  }

  private bindLoaded(local: ast.Name): void {
    if (this.options.dialect.loadBindsGlobally) {
      this.bind(local);
      return;
    }
    const global = this.globals.get(local.name);
    if (global === undefined) return;
    if (global.reached && !this.options.dialect.globalReassign) {
      this.error("reassigned", `cannot reassign top-level ${local.name}`, local);
    }
    global.reached = true;
    local.binding = global.binding;
  }

  /** A statement binds a name: a local of the current function, or a global. */
  private bind(name: ast.Name): void {
    if (this.block.kind !== "file") {
      name.binding = this.block.bindings.get(name.name);
      return;
    }
    const global = this.globals.get(name.name);
    if (global === undefined) return;
    if (global.reached && !this.options.dialect.globalReassign) {
      const where = this.source.position(global.start);
      const scope = global.isLoaded ? "local" : "global";
      const place = `${where.file}:${where.line}:${where.column}`;
      this.error("reassigned", `cannot reassign ${scope} ${name.name} declared at ${place}`, name);
    }
    global.reached = true;
    name.binding = global.binding;
  }

  private target(target: ast.Expression, augmented: boolean): void {
    switch (target.kind) {
      case "name":
        this.bind(target);
        break;
      case "index":
        this.expression(target.object);
        this.expression(target.index);
        break;
      case "dot":
        this.expression(target.object);
        break;
      case "list":
      case "tuple":
        if (augmented) {
          const message = `can't use ${target.kind} expression in augmented assignment`;
          this.error("augmented-target", message, target);
        }
        for (const item of target.items) this.target(item, augmented);
        break;
      default:
        this.error(
          "assignment-target",
          `can't assign to ${TARGET_NAMES[target.kind] ?? target.kind}`,
          target,
        );
    }
  }

  private function(node: ast.FunctionNode): void {
    const block = new Block("function", this.block);
    // Defaults are evaluated where the function is defined, in order.
    for (const parameter of node.parameters) {
      if (parameter.defaultValue !== undefined) this.expression(parameter.defaultValue);
    }
    const outer = { block: this.block, loops: this.loops, conditionals: this.conditionals };
    this.block = block;
    this.loops = 0;
    this.conditionals = 0;
    bindParameters(node.parameters, block, this.diagnostics);
    boundNames(node.body, (name) => block.addLocal(name.name, name.start));
    this.statements(node.body);
    node.scope = block.scope;
    this.block = outer.block;
    this.loops = outer.loops;
    this.conditionals = outer.conditionals;
  }

  private expression(node: ast.Expression): void {
    switch (node.kind) {
      case "name":
        this.use(node);
        break;
      case "list":
      case "tuple":
        for (const item of node.items) this.expression(item);
        break;
      case "dict":
        for (const entry of node.entries) {
          this.expression(entry.key);
          this.expression(entry.value);
        }
        break;
      case "comprehension":
        this.comprehension(node);
        break;
      case "unary":
        this.expression(node.operand);
        break;
      case "binary":
        this.chain(node);
        break;
      case "conditional":
        this.expression(node.test);
        this.expression(node.whenTrue);
        this.expression(node.whenFalse);
        break;
      case "lambda":
        this.function(node.function);
        break;
      case "call":
        this.expression(node.callee);
        checkArguments(node.arguments, this.diagnostics);
        for (const argument of node.arguments) this.expression(argument.value);
        break;
      case "index":
        this.expression(node.object);
        this.expression(node.index);
        break;
      case "slice":
        this.expression(node.object);
        for (const part of [node.low, node.high, node.step]) if (part !== undefined) this.expression(part);
        break;
      case "dot":
        this.expression(node.object);
        break;
    }
  }

  private chain(node: ast.BinaryExpression): void {
    const chain = chainOf(node);
    if (chain[0] !== undefined) this.expression(chain[0].left);
    for (const { right } of chain) this.expression(right);
  }

  /** A comprehension is a block of its own; its first iterable is evaluated outside of it. */
  private comprehension(node: ast.Comprehension): void {
    const outer = this.block;
    const block = new Block("comprehension", outer);
    for (const clause of node.clauses) {
      if (clause.kind === "for") targetNames(clause.target, (name) => block.addLocal(name.name, name.start));
    }
    for (const clause of node.clauses) {
      this.expression(clause.kind === "for" ? clause.iterable : clause.test);
      this.block = block;
      if (clause.kind === "for") this.target(clause.target, false);
    }
    if ("key" in node.body) {
      this.expression(node.body.key);
      this.expression(node.body.value);
    } else this.expression(node.body);
    this.block = outer;
  }

  private use(name: ast.Name): void {
    name.binding = this.block.lookup(name.name) ?? this.topLevelBinding(name);
    name.binding.uses++;
  }

  private topLevelBinding(name: ast.Name): Binding {
    const global = this.globals.get(name.name);
    // Where globals may be rebound, a name means at each point what was bound before it.
    const inOrder = this.options.dialect.globalReassign && this.block.kind === "file";
    if (global !== undefined && (global.reached || !inOrder)) return global.binding;
    const known = this.outside.get(name.name);
    if (known !== undefined && known.scope !== "undefined") return known;
    const scope = this.outsideScope(name);
    const index = scope === "undefined" ? -1 : this.outsideCount++;
    const binding: Binding = { scope, name: name.name, index, start: -1, uses: 0 };
    this.outside.set(name.name, binding);
    return binding;
  }

  private outsideScope(name: ast.Name): "predeclared" | "universal" | "undefined" {
    if (this.options.isPredeclared(name.name)) return "predeclared";
    if (this.options.isUniversal(name.name)) {
      if (name.name === "set" && !this.options.dialect.set) {
        this.error("set", "this Starlark dialect does not support sets", name);
      }
      return "universal";
    }
    const nearest = this.hintsLeft-- > 0 ? nearestName(name.name, this.knownNames()) : undefined;
    const hint = nearest === undefined ? undefined : `did you mean ${nearest}?`;
    this.error("undefined-name", `undefined: ${name.name}`, name, hint);
    return "undefined";
  }

  private *knownNames(): Generator<string> {
    yield* this.block.visibleNames();
    yield* this.globals.keys();
    yield* this.options.outsideNames();
  }
}

/** The words of starlark-go for what cannot be assigned to. */
const TARGET_NAMES: Readonly<Partial<Record<ast.Expression["kind"], string>>> = {
  int: "literal",
  float: "literal",
  string: "literal",
  bytes: "literal",
  dict: "dictexpr",
  unary: "unaryexpr",
  binary: "binaryexpr",
  conditional: "condexpr",
  lambda: "lambdaexpr",
  call: "callexpr",
  slice: "sliceexpr",
};
