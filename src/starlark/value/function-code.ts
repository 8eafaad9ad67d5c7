/** The compiled form of a function: immutable data that the compiler makes and the machine reads. */
import type { Value } from "./value.ts";

export interface FunctionCode {
  readonly name: string;
  readonly file: string;
  /** The docstring, undefined when there is none. */
  readonly doc: string | undefined;
  /** Where the `def` or `lambda` is. */
  readonly line: number;
  readonly column: number;

  /** Instructions of four words each; see compile/opcodes.ts. */
  readonly code: Int32Array;
  readonly constants: readonly Value[];
  /** Names that instructions refer to: attributes, keyword arguments, globals. */
  readonly names: readonly string[];
  /** Functions defined inside. */
  readonly functions: readonly FunctionCode[];
  /** Line and column per instruction: `positions[pc / 2]`, `positions[pc / 2 + 1]`. */
  readonly positions: Int32Array;

  /** Registers of a frame, parameters first. */
  readonly registerCount: number;
  /** Parameters in order: positional, keyword-only, then *args, then **kwargs. */
  readonly parameterNames: readonly string[];
  /** How many parameters can be given by position. */
  readonly positionalCount: number;
  readonly keywordOnlyCount: number;
  readonly hasVarargs: boolean;
  readonly hasKwargs: boolean;
  /** Takes exactly `positionalCount` positional arguments and nothing else needs doing. */
  readonly isSimple: boolean;

  /** Names of local variables by register, for messages; hidden registers have none. */
  readonly localNames: readonly string[];
  /** Registers of locals that may be read before they are bound, and start out unbound. */
  readonly unboundRegisters: readonly number[];
  /** Parameters that closures capture: moved into cells on entry. */
  readonly cellParameters: readonly number[];
  /** Names of captured variables, in the order of the function's cells. */
  readonly freeNames: readonly string[];
  /** The text of the whole file, for source lines in tracebacks. */
  readonly source: string;
}
