// Some hundred days on an unreliable platform. `npm run simulate` does as many as one likes.
import { describe, expect, it } from "vitest";
import { readyActors } from "../../simulation/ready-actors.ts";
import { simulate } from "../../simulation/simulate.ts";
import { firstFailing } from "./seeds.ts";

const TIMEOUT_MS = 240_000;

describe("runs on an unreliable platform", () => {
  const actors = readyActors();

  it.each([1, 31, 61, 91, 121, 151, 181, 211].map((from) => ({ from, count: 30 })))(
    "keep every invariant on a bad day: $count seeds from $from",
    async (seeds) => expect(await firstFailing(await actors, seeds, 1)).toBeUndefined(),
    TIMEOUT_MS,
  );

  it.each([1, 21, 41].map((from) => ({ from, count: 20 })))(
    "keep every invariant on a terrible day: $count seeds from $from",
    async (seeds) => expect(await firstFailing(await actors, seeds, 5)).toBeUndefined(),
    TIMEOUT_MS,
  );

  it(
    "do the same again for the same seed, step by step",
    async () => {
      const traced = async () => {
        const lines: string[] = [];
        const outcome = await simulate({
          actors: await actors,
          seed: 9,
          trace: (line) => void lines.push(line),
        });
        return { outcome, lines };
      };
      const first = await traced();
      expect(first.lines.length).toBeGreaterThan(100);
      expect(await traced()).toEqual(first);
    },
    TIMEOUT_MS,
  );
});
