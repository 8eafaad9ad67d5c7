/**
 * Runs programs in workerd. Its clock stands still while a program runs, so the time is taken here:
 * that of a request for many runs, less that of a request for none.
 */
import type { Engine } from "./engine.ts";
import type { BenchmarkProgram } from "./run-program.ts";
import { startWorker } from "./start-worker.ts";
import type { Assignment } from "./worker.ts";

/** A request for so long a time of runs makes the time of the request itself small. */
const REQUEST_MS = 200;

export interface WorkerdEngine extends Engine {
  /** Microseconds that it takes to resume a fiber and have it suspended again. */
  suspensionMicroseconds(): Promise<number>;
  stop(): Promise<void>;
}

export async function engineInWorkerd(siblings: ReadonlyMap<string, string>): Promise<WorkerdEngine> {
  const { url, stop } = await startWorker("worker.ts");
  const request = async (assignment: Assignment): Promise<number> => {
    const body = JSON.stringify(assignment);
    const start = performance.now();
    // A connection that was idle for long may just have been closed; running twice does no harm.
    const post = () => fetch(url, { method: "POST", body });
    const response = await post().catch(post);
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    return performance.now() - start;
  };
  const leastRequest = async (assignment: Assignment): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) least = Math.min(least, await request(assignment));
    return least;
  };
  const timeOf = async (assignment: Omit<Assignment, "times">): Promise<number> => {
    await request({ ...assignment, times: 3 });
    const once = await request({ ...assignment, times: 1 });
    const times = Math.max(1, Math.min(1000, Math.round(REQUEST_MS / once)));
    const overhead = await leastRequest({ ...assignment, times: 0 });
    return ((await leastRequest({ ...assignment, times })) - overhead) / times;
  };
  return {
    name: "workerd",
    time: ({ name, source }: BenchmarkProgram) =>
      timeOf({ name, source, siblings: Object.fromEntries(siblings) }),
    async suspensionMicroseconds() {
      const suspensions = 100_000;
      const milliseconds = await timeOf({ name: "waiting", source: "", siblings: {}, suspensions });
      return (milliseconds * 1000) / suspensions;
    },
    stop,
  };
}
