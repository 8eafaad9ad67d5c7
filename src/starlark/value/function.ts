/** Functions: those written in Starlark, and those written in TypeScript. */
import { bindArguments, type Signature } from "./arguments.ts";
import type { CallContext, CallResult, KeywordArgument } from "./call.ts";
import type { FunctionCode } from "./function-code.ts";
import { HeapValue, type Value } from "./value.ts";

/** A variable that a closure shares with the function it is in. */
export interface Cell {
  value: Value | undefined;
}

/** What a function sees of the module it was defined in. */
export interface ModuleScope {
  readonly file: string;
  /** By index; undefined until assigned. */
  readonly globals: (Value | undefined)[];
  readonly globalNames: readonly string[];
  /** By index: bound by `load`. */
  readonly isLoaded: readonly boolean[];
  /** Predeclared and universal values, by index. */
  readonly predeclared: readonly Value[];
  /** The value that a `load` binds, by index; throws when the module has no such name. */
  readonly loadName: (index: number) => Value;
}

/** A function made by `def` or `lambda`. */
export class StarlarkFunction extends HeapValue {
  readonly code: FunctionCode;
  readonly module: ModuleScope;
  /** One per positional and keyword-only parameter; undefined where it is required. */
  readonly defaults: readonly (Value | undefined)[];
  readonly cells: readonly Cell[];
  private visited = false;

  constructor(
    code: FunctionCode,
    module: ModuleScope,
    defaults: readonly (Value | undefined)[],
    cells: readonly Cell[],
  ) {
    super();
    this.code = code;
    this.module = module;
    this.defaults = defaults;
    this.cells = cells;
  }

  override get type(): string {
    return "function";
  }

  override get callable(): boolean {
    return true;
  }

  override get hashedByIdentity(): boolean {
    return true;
  }

  get name(): string {
    return this.code.name;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.visited) return undefined;
    this.visited = true;
    const children: Value[] = [];
    for (const value of this.defaults) if (value !== undefined) children.push(value);
    for (const cell of this.cells) if (cell.value !== undefined) children.push(cell.value);
    return children;
  }
}

/**
 * The TypeScript side of a builtin: takes its context and one argument per parameter of the
 * signature (undefined when an optional one is absent).
 */
export type Implementation = (ctx: CallContext, ...args: never[]) => CallResult;

/** A function or method written in TypeScript. */
export class Builtin extends HeapValue {
  readonly name: string;
  readonly signature: Signature;
  readonly implementation: (ctx: CallContext, ...args: unknown[]) => CallResult;
  /** What a bound method is bound to; undefined for a plain function or an unbound method. */
  readonly receiver: Value | undefined;
  /** Whether `implementation` takes the receiver before the parameters. */
  readonly isMethod: boolean;

  constructor(
    name: string,
    signature: Signature,
    implementation: Implementation,
    isMethod = false,
    receiver?: Value,
  ) {
    super();
    this.name = name;
    this.signature = signature;
    // Parameters are checked by the signature at run time, which the type system cannot follow.
    this.implementation = implementation as unknown as Builtin["implementation"];
    this.isMethod = isMethod;
    this.receiver = receiver;
  }

  override get type(): string {
    return "builtin_function_or_method";
  }

  override get callable(): boolean {
    return true;
  }

  override get hashedByIdentity(): boolean {
    return true;
  }

  /** The method as a value of its own: `x.append`. */
  bind(receiver: Value): Builtin {
    return new Builtin(this.name, this.signature, this.implementation as Implementation, true, receiver);
  }

  /** Checks arguments against the signature and runs; throws EvaluationError when they do not fit. */
  invoke(ctx: CallContext, args: readonly Value[], kwargs: readonly KeywordArgument[]): CallResult {
    return this.invokeOn(ctx, this.receiver, args, kwargs);
  }

  /** As `invoke`, for a method that is not bound. */
  invokeOn(
    ctx: CallContext,
    receiver: Value | undefined,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
  ): CallResult {
    const bound = bindArguments(this.name, this.signature, args, kwargs);
    return this.isMethod ? this.implementation(ctx, receiver, ...bound) : this.implementation(ctx, ...bound);
  }

  override freezeShallow(): Iterable<Value> | undefined {
    return this.receiver === undefined ? undefined : [this.receiver];
  }
}
