/**
 * Which local variables are certainly bound at the point the compiler has reached, so that only
 * doubtful reads are checked at run time.
 *
 * A state is the last of a chain of steps, each of which bound one local. States share what they have in
 * common, so that going from one to another costs as much as they differ, however many locals there are.
 */
export class Flow {
  private step: Step = { register: -1, before: undefined, length: 0 };
  /** The registers of the steps up to the current one. */
  private readonly bound = new Set<number>();
  private reachable = true;

  /** A local is bound from here on. */
  bind(register: number): void {
    if (!this.reachable || this.bound.has(register)) return;
    this.bound.add(register);
    this.step = { register, before: this.step, length: this.step.length + 1 };
  }

  isBound(register: number): boolean {
    return !this.reachable || this.bound.has(register);
  }

  get isReachable(): boolean {
    return this.reachable;
  }

  /** Nothing that follows is executed. */
  stop(): void {
    this.reachable = false;
  }

  /** The state here, to come back to; undefined where no execution comes, such as behind a `return`. */
  save(): Step | undefined {
    return this.reachable ? this.step : undefined;
  }

  restore(state: Step | undefined): void {
    this.reachable = state !== undefined;
    if (state === undefined) return;
    const missing = this.backTo(state);
    for (const register of missing.reverse()) this.bind(register);
  }

  /** Another path joins: bound is what is bound on both. */
  join(state: Step | undefined): void {
    if (state === undefined) return;
    if (!this.reachable) {
      this.restore(state);
      return;
    }
    const here = new Set(registersSince(this.step, commonStep(this.step, state)));
    for (const register of this.backTo(state).reverse()) if (here.has(register)) this.bind(register);
  }

  /** Goes back to the last step that led to a state, too; gives what was bound on the way there, last first. */
  private backTo(state: Step): number[] {
    const common = commonStep(this.step, state);
    for (const register of registersSince(this.step, common)) this.bound.delete(register);
    this.step = common;
    return registersSince(state, common);
  }
}

/** A local was bound, after those of the steps before. */
export interface Step {
  readonly register: number;
  readonly before: Step | undefined;
  /** How many steps there were. */
  readonly length: number;
}

function commonStep(x: Step, y: Step): Step {
  let [a, b] = [x, y];
  while (a !== b) {
    const [left, right]: [Step | undefined, Step | undefined] = [
      a.length >= b.length ? a.before : a,
      b.length >= a.length ? b.before : b,
    ];
    if (left === undefined || right === undefined) throw new TypeError("states of two functions");
    [a, b] = [left, right];
  }
  return a;
}

/** What the steps behind `from`, up to `to`, bound: the last first. */
function registersSince(to: Step, from: Step): number[] {
  const registers: number[] = [];
  for (let step: Step | undefined = to; step !== undefined && step !== from; step = step.before) {
    registers.push(step.register);
  }
  return registers;
}
