/** The compiled form of a function: immutable data that the compiler makes and the machine reads. */
import type { SourceFile } from "../source-file.ts";
import type { Value } from "./value.ts";

/** How the arguments of a call are laid out in registers, for calls that are not all positional. */
export interface CallShape {
  readonly positionalCount: number;
  /** Names of the keyword arguments, which follow the positional ones. */
  readonly names: readonly string[];
  /** A sequence of more positional arguments follows. */
  readonly hasStar: boolean;
  /** A mapping of more keyword arguments follows. */
  readonly hasStarStar: boolean;
  /** How the arguments got to the parameters of the function called last; a cache of the machine. */
  plan: CallPlan | undefined;
}

/** How the arguments of a call get to the parameters of a function, worked out once for the two. */
export interface CallPlan {
  /** The function that it is for. */
  readonly code: FunctionCode;
  /** How many arguments there are. */
  readonly count: number;
  /**
   * Whether every argument is a parameter's, in the order of the parameters: then they can be moved
   * where they lie, the last first.
   */
  readonly inOrder: boolean;
  /** Per argument: its parameter, or -1 when it is collected. */
  readonly targets: readonly number[];
  /** The parameters that take their defaults. */
  readonly defaults: readonly number[];
  /** Positional arguments for `*args`: from the first to before the second. */
  readonly surplus: readonly [from: number, to: number];
  /** Keyword arguments for `**kwargs`. */
  readonly rest: readonly (readonly [name: string, argument: number])[];
}

/** A variable of the enclosing function: in one of its cells, or itself captured. */
export interface Capture {
  /** True: a register that holds a cell; false: one of the enclosing function's captured variables. */
  readonly fromCell: boolean;
  readonly index: number;
}

export interface FunctionCode {
  readonly name: string;
  readonly source: SourceFile;
  /** Offset of the `def` or `lambda` in the source. */
  readonly start: number;
  /** The docstring, undefined when there is none. */
  readonly doc: string | undefined;

  /**
   * Instructions of four words each; see compile/opcodes.ts. A plain array of small ints: in workerd,
   * where V8 guards typed arrays more, reading it is a quarter faster.
   */
  readonly code: readonly number[];
  /** Offset in the source per instruction. */
  readonly offsets: readonly number[];
  readonly constants: readonly Value[];
  /** Names of attributes that instructions refer to. */
  readonly names: readonly string[];
  readonly callShapes: readonly CallShape[];
  /** Functions defined inside. */
  readonly functions: readonly FunctionCode[];

  /** Registers of a frame: parameters, other locals, intermediate results. */
  readonly registerCount: number;
  /** Parameters in order: positional, keyword-only, then *args, then **kwargs. */
  readonly parameterNames: readonly string[];
  /** How many parameters can be given by position. */
  readonly positionalCount: number;
  readonly keywordOnlyCount: number;
  readonly hasVarargs: boolean;
  readonly hasKwargs: boolean;
  /** All parameters are positional. */
  readonly isSimple: boolean;
  /** Some registers have to be prepared on entry: unbound locals, cells. */
  readonly hasPrologue: boolean;
  /** Per positional and keyword-only parameter: whether it has a default. */
  readonly optionalParameters: readonly boolean[];
  /** Whether it may be called while a call of it is active. */
  readonly allowsRecursion: boolean;

  /** Names of local variables by register. */
  readonly localNames: readonly string[];
  /** Registers of locals that may be read before they are bound, and start out unbound. */
  readonly unboundRegisters: readonly number[];
  /** Registers of variables that closures capture: each holds a cell. */
  readonly cellRegisters: readonly number[];
  /** Where the function's cells come from when it is made, in order. */
  readonly captures: readonly Capture[];
  /** Names of captured variables, in the same order. */
  readonly freeNames: readonly string[];
}
