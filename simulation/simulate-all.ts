// Many simulations, on as many cores as one likes. A seed does the same whatever thread it runs in.
import { Worker } from "node:worker_threads";
import type { Mutation } from "./bundle.ts";
import type { Outcome } from "./simulate.ts";

export interface SeedRange {
  from: number;
  count: number;
  faultRate: number;
  replayEveryTime: boolean;
  /** A fault put into the source. */
  mutation: Mutation | undefined;
  /** Leaves the seeds after the first that fails. */
  untilOneFails: boolean;
}

/**
 * Simulates ranges of seeds in `jobs` threads, and gives the outcomes of each as soon as they are there. The order in
 * which ranges are begun is the one given; they end in any. Whoever stops asking ends the threads.
 *
 * @throws what a thread cannot go on after, such as a mutation whose text is not in the source.
 */
export async function* simulateAll<Range extends SeedRange>(
  ranges: Iterable<Range>,
  jobs: number,
): AsyncGenerator<{ range: Range; outcomes: Outcome[] }> {
  const left = ranges[Symbol.iterator]();
  const workers: Worker[] = [];
  type Done = { worker: Worker; range: Range; outcomes: Outcome[] };
  const underWay = new Map<Worker, Promise<Done>>();
  const begin = (worker: Worker): void => {
    const next = left.next();
    if (next.done) return;
    const { promise, resolve, reject } = Promise.withResolvers<Done>();
    worker.once("message", (outcomes: Outcome[]) => resolve({ worker, range: next.value, outcomes }));
    worker.once("error", reject);
    underWay.set(
      worker,
      promise.finally(() => worker.removeListener("error", reject)),
    );
    worker.postMessage(next.value);
  };
  try {
    for (let job = 0; job < jobs; job += 1) {
      const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
      workers.push(worker);
      begin(worker);
    }
    while (underWay.size > 0) {
      const { worker, range, outcomes } = await Promise.race(underWay.values());
      underWay.delete(worker);
      begin(worker);
      yield { range, outcomes };
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
