// Proof that the simulation finds what it looks for: faults put into the source, each of which must be found.
import { describe, expect, it } from "vitest";
import { occurrencesOf } from "../../simulation/bundle.ts";
import { mutations } from "../../simulation/mutations.ts";
import { readyActors } from "../../simulation/ready-actors.ts";
import { shrink } from "../../simulation/shrink.ts";
import { type Outcome, simulate } from "../../simulation/simulate.ts";
import { firstFailing } from "./seeds.ts";

const TIMEOUT_MS = 240_000;
/** On a day as bad as this, most are found by one of the first seeds. */
const SEEDS_PER_MUTATION = 100;
const FAULT_RATE = 3;

describe("a fault put into the source", () => {
  it.each(mutations)("replaces what is there once: $name", async (mutation) => {
    expect(await occurrencesOf(mutation), `${mutation.file} and simulation/mutations.ts have parted`).toBe(1);
  });

  it.each(mutations)(
    "is found: $name",
    async (mutation) => {
      const actors = await readyActors(mutation);
      const found = await firstFailing(
        actors,
        { from: mutation.from ?? 1, count: SEEDS_PER_MUTATION },
        FAULT_RATE,
      );
      expect(found?.violation).toEqual(expect.any(String));
      // One that keeps the actors from working at all would show nothing.
      expect(found?.violation).not.toMatch(/^it broke down/);
    },
    TIMEOUT_MS,
  );

  it(
    "is told with as few faults of the platform as it takes",
    async () => {
      const actors = await readyActors(
        mutations.find(({ name }) => name === "a message that fails once is forgotten"),
      );
      const failing: Outcome[] = [];
      for (let seed = 1; seed <= 8; seed += 1) {
        const outcome = await simulate({ actors, seed });
        if (outcome.violation !== undefined && outcome.faults.length > 20) failing.push(outcome);
      }
      // Each try simulates it anew: the shortest will do.
      const [shortest] = failing.sort((a, b) => a.steps - b.steps);
      if (!shortest) throw new Error("no seed has failed");
      const smallest = await shrink({ actors, seed: shortest.seed }, shortest);
      // One lost call is all that it takes, unless leaving out another changes what happens.
      expect(smallest?.outcome.faults.length).toBeLessThanOrEqual(3);
      expect(smallest?.outcome.violation).toEqual(expect.any(String));
    },
    TIMEOUT_MS,
  );
});
