/**
 * Which local variables are certainly bound at the point the compiler has reached, so that only
 * doubtful reads are checked at run time.
 */
export class Flow {
  /** Undefined where no execution comes, such as behind a `return`. */
  private bound: Set<number> | undefined = new Set();

  /** A local is bound from here on. */
  bind(register: number): void {
    this.bound?.add(register);
  }

  isBound(register: number): boolean {
    return this.bound === undefined || this.bound.has(register);
  }

  get isReachable(): boolean {
    return this.bound !== undefined;
  }

  /** Nothing that follows is executed. */
  stop(): void {
    this.bound = undefined;
  }

  /** The state here, to come back to. */
  save(): ReadonlySet<number> | undefined {
    return this.bound === undefined ? undefined : new Set(this.bound);
  }

  restore(state: ReadonlySet<number> | undefined): void {
    this.bound = state === undefined ? undefined : new Set(state);
  }

  /** Another path joins: bound is what is bound on both. */
  join(state: ReadonlySet<number> | undefined): void {
    if (state === undefined) return;
    if (this.bound === undefined) {
      this.bound = new Set(state);
      return;
    }
    for (const register of this.bound) if (!state.has(register)) this.bound.delete(register);
  }
}
