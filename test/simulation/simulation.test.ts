// A few hundred seeds of the simulation, and proof that it finds what it looks for.
import { describe, expect, it } from "vitest";
import { type Actors, bundleActors } from "../../simulation/bundle.ts";
import { mutations, type NamedMutation } from "../../simulation/mutations.ts";
import { shrink } from "../../simulation/shrink.ts";
import { type Outcome, simulate } from "../../simulation/simulate.ts";

const TIMEOUT_MS = 240_000;
/** On a day as bad as this, most are found by one of the first seeds. */
const SEEDS_PER_MUTATION = 200;

async function ready(mutation?: NamedMutation): Promise<Actors> {
  const actors = await bundleActors(mutation);
  await actors.evaluatePolicy({});
  return actors;
}

async function firstFailing(actors: Actors, seeds: { from: number; count: number }, faultRate: number) {
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed += 1) {
    const outcome = await simulate({ actors, seed, faultRate });
    if (outcome.violation !== undefined) return outcome;
  }
  return undefined;
}

describe("runs on an unreliable platform", () => {
  const actors = ready();

  it.each([1, 51, 101, 151].map((from) => ({ from, count: 50 })))(
    "keep every invariant on a bad day: $count seeds from $from",
    async (seeds) => expect(await firstFailing(await actors, seeds, 1)).toBeUndefined(),
    TIMEOUT_MS,
  );

  it(
    "keep every invariant on a terrible day: 50 seeds",
    async () => expect(await firstFailing(await actors, { from: 1, count: 50 }, 5)).toBeUndefined(),
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

describe("a fault put into the source", () => {
  it.each(mutations)(
    "is found: $name",
    async (mutation) => {
      const found = await firstFailing(await ready(mutation), { from: 1, count: SEEDS_PER_MUTATION }, 3);
      expect(found?.violation).toEqual(expect.any(String));
    },
    TIMEOUT_MS,
  );

  it(
    "is told with as few faults of the platform as it takes",
    async () => {
      const mutation = mutations.find(({ name }) => name === "a message that fails once is forgotten");
      const actors = await ready(mutation);
      const failing = (await firstFailing(actors, { from: 1, count: 50 }, 1)) as Outcome;
      const smallest = await shrink({ actors, seed: failing.seed }, failing);
      // One lost call is all that it takes, unless leaving out another changes what happens.
      expect(smallest?.outcome.faults.length).toBeLessThanOrEqual(3);
      expect(failing.faults.length).toBeGreaterThan(20);
      expect(smallest?.outcome.violation).toEqual(expect.any(String));
    },
    TIMEOUT_MS,
  );
});
