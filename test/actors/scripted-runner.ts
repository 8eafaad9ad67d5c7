// A runner for tests: polls the real router, and does what the test says instead of executing Functions.
import { env } from "cloudflare:workers";
import { DEFAULT_WORKSPACE, routerStub } from "../../durable-objects/stubs.ts";
import type { JobId } from "../../src/protocol/ids.ts";
import type { Job, JobOutcome } from "../../src/protocol/job.ts";

export interface ScriptedRunner {
  /** Every job whose completion was accepted, in order. */
  readonly completed: Job[];
  stop(): Promise<void>;
}

const info = { name: "scripted", version: "0", platform: "test", tags: [], capacity: 1 };

/** Serves jobs one after another until stopped. A call that fails (an object was killed) is made again. */
export function startRunner(perform: (job: Job) => JobOutcome | Promise<JobOutcome>): ScriptedRunner {
  const completed: Job[] = [];
  let stopped = false;
  const again = async <T>(call: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (stopped) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const router = () => routerStub(env, DEFAULT_WORKSPACE);
  const serve = async () => {
    while (!stopped) {
      const job = await again(() => router().request({ runner: info, subject: "runner", waitMs: 200 }));
      if (!job) continue;
      const id = job.id as JobId;
      const beat = await again(() => router().heartbeat(id, { lease: job.lease, resolved: "c0ffee" }));
      if (!beat.ok) continue;
      const outcome = await perform(job);
      const answer = await again(() => router().complete(id, { lease: job.lease, outcome }));
      if (answer.ok && !answer.value.repeated) completed.push(job);
    }
  };
  const serving = serve().catch(() => {});
  return {
    completed,
    stop: async () => {
      stopped = true;
      await serving;
    },
  };
}
