// `npm run simulate -- --seeds 1000`: the whole system in one process, on simulated time, network, disks and runners,
// all of them unreliable. Prints how much it did, and for a failing seed a trace with as few faults as possible.
import { parseArgs } from "node:util";
import pc from "picocolors";
import { type Actors, bundleActors } from "../simulation/bundle.ts";
import { mutations, type NamedMutation } from "../simulation/mutations.ts";
import { shrink } from "../simulation/shrink.ts";
import { type Outcome, simulate } from "../simulation/simulate.ts";

const usage = `usage: npm run simulate -- [options]

  --seeds N      how many seeds (1000)
  --from N       the first seed (1)
  --faults RATE  how often things go wrong: 1 is a bad day, 0 a perfect one (1)
  --replay       throw every run's memory away after each step
  --trace        print the trace of the first seed, whatever comes of it
  --mutations    put known faults into the source and see that each is found
  --help`;

const TRACE_LINES = 200;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    faults: { type: "string", default: "1" },
    replay: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    mutations: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function numberOf(name: "seeds" | "from" | "faults"): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} takes a number, not ${values[name]}\n\n${usage}`);
  process.exit(2);
}

/** Loads what is loaded lazily, which takes real time. */
async function ready(mutation?: NamedMutation): Promise<Actors> {
  const actors = await bundleActors(mutation);
  await actors.evaluatePolicy({});
  return actors;
}

function optionsFor(actors: Actors, seed: number) {
  return { actors, seed, faultRate: numberOf("faults"), replayEveryTime: values.replay };
}

async function explain(actors: Actors, failing: Outcome): Promise<void> {
  const options = optionsFor(actors, failing.seed);
  console.error(pc.red(`seed ${failing.seed}: ${failing.violation}`));
  console.error(`looking for the fewest of its ${failing.faults.length} faults that break it…`);
  const smallest = await shrink(options, failing);
  const lines: string[] = [];
  await simulate({
    ...options,
    ...(smallest && { only: smallest.only }),
    trace: (line) => lines.push(line),
  });
  if (lines.length > TRACE_LINES) console.error(pc.dim(`(${lines.length - TRACE_LINES} earlier lines)`));
  for (const line of lines.slice(-TRACE_LINES)) console.error(line.includes("***") ? pc.yellow(line) : line);
  console.error(
    `it takes these faults:\n${smallest?.outcome.faults.map(({ id }) => `  ${id}`).join("\n") ?? ""}`,
  );
  console.error(`again: npm run simulate -- --from ${failing.seed} --seeds 1 --faults ${values.faults}`);
}

async function simulateSeeds(): Promise<boolean> {
  const [from, seeds] = [numberOf("from"), numberOf("seeds")];
  const actors = await ready();
  const total = { steps: 0, runs: 0, faults: 0, elapsed: 0 };
  const failing: Outcome[] = [];
  const began = performance.now();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const showing = values.trace && seed === from;
    const outcome = await simulate({
      ...optionsFor(actors, seed),
      ...(showing && { trace: (line) => console.log(line) }),
    });
    total.steps += outcome.steps;
    total.runs += outcome.runs;
    total.faults += outcome.faults.length;
    total.elapsed += outcome.elapsed;
    if (outcome.violation !== undefined) failing.push(outcome);
    if (process.stderr.isTTY) process.stderr.write(`\rseed ${seed}, ${failing.length} failing `);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const seconds = (performance.now() - began) / 1000;
  for (const { seed, violation } of failing.slice(1)) console.error(`seed ${seed}: ${violation}`);
  if (failing[0]) await explain(actors, failing[0]);
  console.log(
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(1)}/s): ${total.runs} runs, ` +
      `${total.steps} steps, ${total.faults} faults, ${(total.elapsed / 3_600_000).toFixed(0)} simulated hours`,
  );
  console.log(`${seeds - failing.length} passed, ${failing.length} failed`);
  return failing.length === 0;
}

/** The first seed that finds a mutation's fault. */
async function find(mutation: NamedMutation, seeds: number): Promise<Outcome | undefined> {
  const actors = await ready(mutation);
  const from = mutation.from ?? 1;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await simulate({ actors, seed, faultRate: numberOf("faults") }).catch(
      (error: unknown): Outcome => ({
        seed,
        steps: 0,
        runs: 0,
        faults: [],
        elapsed: 0,
        violation: `an actor broke down: ${error instanceof Error ? error.message : error}`,
      }),
    );
    if (outcome.violation !== undefined) return outcome;
  }
  return undefined;
}

async function simulateMutations(): Promise<boolean> {
  let missed = 0;
  for (const mutation of mutations) {
    const found = await find(mutation, numberOf("seeds"));
    if (!found) missed += 1;
    console.log(
      `${found ? pc.green("found ") : pc.red("MISSED")} ${mutation.invariant}  ${mutation.name}` +
        (found ? pc.dim(`\n          by seed ${found.seed}: ${found.violation?.slice(0, 160)}`) : ""),
    );
  }
  console.log(`${mutations.length - missed} of ${mutations.length} faults found`);
  return missed === 0;
}

if (values.help) console.log(usage);
else process.exitCode = (values.mutations ? await simulateMutations() : await simulateSeeds()) ? 0 : 1;
