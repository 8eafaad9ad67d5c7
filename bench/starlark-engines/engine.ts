/** What runs benchmarks: this process, a workerd, or another implementation. */
import type { BenchmarkProgram } from "./run-program.ts";

export interface Engine {
  readonly name: string;
  /**
   * The least time of a few runs of a program, in milliseconds: what disturbs only adds. Throws when
   * the program fails.
   */
  time(program: BenchmarkProgram): Promise<number>;
}

/** Times what runs in this process: at least three times, as often as the patience allows. */
export async function leastTime(run: () => unknown, patienceMs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + patienceMs;
  for (let i = 0; i < 3 || (performance.now() < end && i < 1000); i++) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
