/**
 * What a program may use between two points a host chooses: steps, allocated bytes, depth of calls.
 *
 * 1. Steps are charged at back-edges and calls by the machine, and by builtins in proportion to
 *    the work they do; bytes are charged before they are allocated and never given back.
 * 2. The counters count down, so that the check in the machine's loop is one comparison with zero.
 */
import { BudgetError } from "./errors.ts";

export interface BudgetLimits {
  /** Default: no limit. One step is about 10 ns of work. */
  readonly maxSteps?: number;
  /** Default: no limit. Bytes allocated since the last reset, whether or not still in use. */
  readonly maxAllocatedBytes?: number;
  /** Active Starlark calls; default 10,000. */
  readonly maxDepth?: number;
}

/** A slice's allowance; a host resets it between slices. */
export class Budget {
  readonly maxSteps: number;
  readonly maxAllocatedBytes: number;
  readonly maxDepth: number;
  /** Read and written by the machine while it runs; negative means used up. */
  stepsLeft: number;
  /** As `stepsLeft`. */
  bytesLeft: number;

  constructor(limits: BudgetLimits = {}) {
    this.maxSteps = limits.maxSteps ?? Number.MAX_SAFE_INTEGER;
    this.maxAllocatedBytes = limits.maxAllocatedBytes ?? Number.MAX_SAFE_INTEGER;
    this.maxDepth = limits.maxDepth ?? 10_000;
    this.stepsLeft = this.maxSteps;
    this.bytesLeft = this.maxAllocatedBytes;
  }

  get stepsUsed(): number {
    return this.maxSteps - Math.max(0, this.stepsLeft);
  }

  get bytesUsed(): number {
    return this.maxAllocatedBytes - Math.max(0, this.bytesLeft);
  }

  /** Starts a new slice with the whole allowance. */
  reset(): void {
    this.stepsLeft = this.maxSteps;
    this.bytesLeft = this.maxAllocatedBytes;
  }

  /** Takes steps and bytes; throws BudgetError (`BudgetExceeded`) when there are not enough. */
  charge(steps: number, bytes: number): void {
    this.stepsLeft -= steps;
    this.bytesLeft -= bytes;
    // Negated, so that a NaN from a miscalculated size counts as used up.
    if (!(this.stepsLeft >= 0)) throw this.stepsExceeded();
    if (!(this.bytesLeft >= 0)) throw this.bytesExceeded();
  }

  /**
   * Takes one step and some more in advance, for the machine to count down by itself; returns how many
   * more. Near the end they are few, so that others who charge meanwhile are not refused too early.
   */
  refuel(): number {
    if (this.stepsLeft < 1) {
      this.stepsLeft = -1;
      throw this.stepsExceeded();
    }
    const taken = Math.min(1000, Math.ceil(this.stepsLeft / 16));
    this.stepsLeft -= taken;
    return taken - 1;
  }

  private stepsExceeded(): BudgetError {
    return new BudgetError(`too many steps: more than ${this.maxSteps}`, {
      resource: "steps",
      limit: this.maxSteps,
    });
  }

  bytesExceeded(): BudgetError {
    return new BudgetError(`too much memory: more than ${this.maxAllocatedBytes} bytes allocated`, {
      resource: "bytes",
      limit: this.maxAllocatedBytes,
    });
  }

  depthExceeded(): BudgetError {
    return new BudgetError(`Starlark stack overflow: more than ${this.maxDepth} active calls`, {
      resource: "depth",
      limit: this.maxDepth,
    });
  }
}
