import { expect, test } from "vitest";
import { wholeRun } from "../../cli/commands/run.ts";

test("a run with more activities than one answer holds is read whole, each activity once and in order", async () => {
  const all = Array.from({ length: 12_345 }, (_, n) => ({ command: `0#${n + 1}` }));
  const client = {
    async get<T>(path: string, { query }: { query?: Record<string, unknown> } = {}): Promise<T> {
      if (path === "/v1/runs/run_1") {
        return { id: "run_1", activities: all.slice(-10_000), earlierActivities: 2345 } as T;
      }
      expect(path).toBe("/v1/runs/run_1/activities");
      const after = Number(query?.after);
      // A page may end before its limit.
      const end = Math.min(all.length, after + Math.min(Number(query?.limit), 700));
      return { activities: all.slice(after, end), ...(end < all.length && { next: end }) } as T;
    },
  };
  const run = await wholeRun(client, "run_1");
  expect(run.activities).toEqual(all);
  expect(run.earlierActivities).toBeUndefined();
});
