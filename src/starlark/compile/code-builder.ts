/** Collects the instructions, constants and registers of one function. */
import { EvaluationError } from "../errors.ts";
import type { CallShape, FunctionCode } from "../value/function-code.ts";
import type { Value } from "../value/value.ts";
import { INSTRUCTION_SIZE } from "./opcodes.ts";

/** A forward jump whose target is not known yet. */
export type Label = number;

export class CodeBuilder {
  readonly functions: FunctionCode[] = [];
  readonly callShapes: CallShape[] = [];
  readonly constants: Value[] = [];
  readonly names: string[] = [];
  registerCount: number;
  /** The first free register. */
  private top: number;
  private readonly words: number[] = [];
  private readonly offsets: number[] = [];
  private readonly constantOperands = new Map<Value, number>();
  private readonly nameIndexes = new Map<string, number>();

  constructor(localCount: number) {
    this.top = localCount;
    this.registerCount = localCount;
  }

  /** Index of the next instruction: a target for backward jumps. */
  get here(): number {
    return this.words.length;
  }

  /** Adds an instruction; returns its index. */
  emit(opcode: number, a: number, b: number, c: number, offset: number): number {
    const at = this.words.length;
    this.words.push(opcode, a, b, c);
    this.offsets.push(offset);
    return at;
  }

  /** Makes the jump at an index go to the next instruction; `operand` is 1 for a, 2 for b, 3 for c. */
  patch(jump: Label, operand: 1 | 2 | 3): void {
    this.words[jump + operand] = this.words.length;
  }

  /** The operand for a constant. */
  constant(value: Value): number {
    // Floats and bytes are objects, so each is a constant of its own.
    let operand = this.constantOperands.get(value);
    if (operand === undefined) {
      operand = ~this.constants.length;
      this.constants.push(value);
      this.constantOperands.set(value, operand);
    }
    return operand;
  }

  /** The value of a constant operand. */
  constantValue(operand: number): Value {
    return this.constants[~operand] ?? null;
  }

  nameIndex(name: string): number {
    let index = this.nameIndexes.get(name);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.nameIndexes.set(name, index);
    }
    return index;
  }

  /** Takes the next register, or the next few. */
  allocate(count = 1): number {
    const first = this.top;
    this.top += count;
    if (this.top > MAX_REGISTERS) throw new EvaluationError("function too large: needs too many registers");
    if (this.top > this.registerCount) this.registerCount = this.top;
    return first;
  }

  /** Where registers taken from now on begin; hand it to `release`. */
  mark(): number {
    return this.top;
  }

  /** Gives back all registers taken since the mark. */
  release(mark: number): void {
    this.top = mark;
  }

  finish(): { code: readonly number[]; offsets: readonly number[] } {
    if (this.words.length > MAX_INSTRUCTIONS * INSTRUCTION_SIZE) {
      throw new EvaluationError("function too large");
    }
    return { code: this.words, offsets: this.offsets };
  }
}

const MAX_REGISTERS = 1 << 20;
const MAX_INSTRUCTIONS = 1 << 24;
