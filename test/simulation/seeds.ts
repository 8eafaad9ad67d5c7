// What the tests of the simulation share: the first seed that breaks something.
import type { Actors } from "../../simulation/bundle.ts";
import { type Outcome, simulate } from "../../simulation/simulate.ts";

export async function firstFailing(
  actors: Actors,
  seeds: { from: number; count: number },
  faultRate: number,
): Promise<Outcome | undefined> {
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed += 1) {
    const outcome = await simulate({ actors, seed, faultRate });
    if (outcome.violation !== undefined) return outcome;
  }
  return undefined;
}
