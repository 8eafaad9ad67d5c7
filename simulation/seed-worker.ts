// A thread of `simulateAll`: simulates the seeds it is given, one range after the other.
import { parentPort } from "node:worker_threads";
import type { Actors, Mutation } from "./bundle.ts";
import { readyActors } from "./ready-actors.ts";
import { type Outcome, simulate } from "./simulate.ts";
import type { SeedRange } from "./simulate-all.ts";

/** Bundling takes half a second: the actors are kept as long as the same ones are asked for. */
let kept: { mutation: string; actors: Promise<Actors> } | undefined;

function actorsWith(mutation: Mutation | undefined): Promise<Actors> {
  const key = JSON.stringify(mutation ?? null);
  if (kept?.mutation !== key) kept = { mutation: key, actors: readyActors(mutation) };
  return kept.actors;
}

async function simulateRange(range: SeedRange): Promise<Outcome[]> {
  const actors = await actorsWith(range.mutation);
  const outcomes: Outcome[] = [];
  for (let seed = range.from; seed < range.from + range.count; seed += 1) {
    const { faultRate, replayEveryTime } = range;
    const outcome = await simulate({ actors, seed, faultRate, replayEveryTime });
    outcomes.push(outcome);
    if (outcome.violation !== undefined && range.untilOneFails) break;
  }
  return outcomes;
}

const port = parentPort;
if (!port) throw new Error("this file is a worker's");
// What it cannot go on after ends the thread, and whoever waits for it learns of that.
port.on("message", async (range: SeedRange) => port.postMessage(await simulateRange(range)));
