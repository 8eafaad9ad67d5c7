// What the tests of the simulation share: actors, perhaps with a fault, and the first seed that breaks something.
import { type Actors, bundleActors, type Mutation } from "../../simulation/bundle.ts";
import { type Outcome, simulate } from "../../simulation/simulate.ts";

/** Loads what is loaded lazily, which takes real time. */
export async function readyActors(mutation?: Mutation): Promise<Actors> {
  const actors = await bundleActors(mutation);
  await actors.evaluatePolicy({});
  return actors;
}

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
