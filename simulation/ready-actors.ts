import { type Actors, bundleActors, type Mutation } from "./bundle.ts";

/** Actors that can be simulated at once: what they load lazily, in real time, is loaded. */
export async function readyActors(mutation?: Mutation): Promise<Actors> {
  const actors = await bundleActors(mutation);
  await actors.evaluatePolicy({});
  return actors;
}
