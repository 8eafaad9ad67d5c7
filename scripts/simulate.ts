// `npm run simulate -- --seeds 1000`: the whole system in one process, on simulated time, network, disks and runners,
// all of them unreliable. Prints how much it did, and for a failing seed a trace with as few faults as possible.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { occurrencesOf } from "../simulation/bundle.ts";
import { explain } from "../simulation/explain.ts";
import { mutations, type NamedMutation } from "../simulation/mutations.ts";
import { readyActors } from "../simulation/ready-actors.ts";
import { type Outcome, simulate } from "../simulation/simulate.ts";
import { type SeedRange, simulateAll } from "../simulation/simulate-all.ts";

const usage = `usage: npm run simulate -- [options]

  --seeds N        how many seeds: default 1000, with --mutations at most 100 for each
  --from N         the first seed: default 1, or where a mutation is known to be found
  --faults R[,R…]  how often things go wrong: 1 is a bad day, 0 a perfect one, 5 a terrible one; of several rates,
                   seeds take one after the other: default 1, with --mutations 3
  --jobs N         how many threads: default one for each core
  --replay         throw every run's memory away after each step
  --trace          print the trace of the first seed, whatever comes of it
  --mutations      put known faults into the source and see that each is found
  --help

A seed does the same again, step by step, whatever it runs beside. Of the first that fails, the fewest faults that it
takes and the trace of them are printed; ctrl-c ends it early, with what was found so far.
Ends with 0 when nothing was found (with --mutations: when all were), 1 otherwise, 2 when it was called wrongly.`;

const PROGRESS_MS = process.stderr.isTTY ? 200 : 60_000;

function refuse(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string" },
        from: { type: "string" },
        faults: { type: "string" },
        jobs: { type: "string" },
        replay: { type: "boolean", default: false },
        trace: { type: "boolean", default: false },
        mutations: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const values = parsed();

function countOf(name: "seeds" | "from" | "jobs", byDefault: number): number {
  const value = Number(values[name] ?? byDefault);
  if (Number.isInteger(value) && value >= (name === "from" ? 0 : 1)) return value;
  return refuse(`--${name} takes a whole number, not ${values[name]}`);
}

function ratesOf(byDefault: string): number[] {
  const rates = (values.faults ?? byDefault).split(",").map(Number);
  if (rates.every((rate) => Number.isFinite(rate) && rate >= 0)) return rates;
  return refuse(`--faults takes numbers with commas between them, not ${values.faults}`);
}

let isStopped = false;
process.once("SIGINT", () => {
  isStopped = true;
});

/** One line that is written over again and again; where nobody looks on, a new one every minute. */
class Progress {
  readonly #began = performance.now();
  #shownAt = this.#began;

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  show(line: (seconds: number) => string): void {
    if (performance.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = performance.now();
    process.stderr.write(process.stderr.isTTY ? `\r${line(this.seconds)}\x1b[K` : `${line(this.seconds)}\n`);
  }

  /** Makes room for something that stays. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}

function clockTime(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return `${minutes}:${String(rest).padStart(2, "0")}`;
}

async function simulateSeeds(): Promise<boolean> {
  const [from, seeds, rates] = [countOf("from", 1), countOf("seeds", 1000), ratesOf("1")];
  const rateOf = (seed: number) => rates[seed % rates.length] ?? 1;
  const optionsOf = (seed: number) => ({ seed, faultRate: rateOf(seed), replayEveryTime: values.replay });
  function* ranges(): Generator<SeedRange> {
    for (let seed = from; seed < from + seeds && !isStopped; seed += 1) {
      const { faultRate, replayEveryTime } = optionsOf(seed);
      yield { from: seed, count: 1, faultRate, replayEveryTime, mutation: undefined, untilOneFails: true };
    }
  }
  const total = { seeds: 0, steps: 0, runs: 0, faults: 0, elapsed: 0 };
  const failing: Outcome[] = [];
  const progress = new Progress();
  for await (const { outcomes } of simulateAll(ranges(), countOf("jobs", availableParallelism()))) {
    for (const outcome of outcomes) {
      total.seeds += 1;
      total.steps += outcome.steps;
      total.runs += outcome.runs;
      total.faults += outcome.faults.length;
      total.elapsed += outcome.elapsed;
      if (outcome.violation === undefined) continue;
      failing.push(outcome);
      progress.clear();
      console.error(pc.red(`seed ${outcome.seed} (--faults ${rateOf(outcome.seed)}): ${outcome.violation}`));
    }
    progress.show((seconds) => {
      const pace = total.seeds / seconds;
      return (
        `${total.seeds} of ${seeds} seeds, ${pace.toFixed(1)}/s, ${total.faults} faults, ${failing.length} failing, ` +
        `${clockTime((seeds - total.seeds) / pace)} left`
      );
    });
  }
  progress.clear();
  const { seconds } = progress;
  // Which of them fails first depends on the threads; which is the lowest does not.
  const [first] = failing.sort((a, b) => a.seed - b.seed);
  if (first) await explain({ actors: await readyActors(), ...optionsOf(first.seed) }, first);
  console.log(
    `${total.seeds} seeds in ${seconds.toFixed(1)} s (${(total.seeds / seconds).toFixed(1)}/s): ${total.runs} runs, ` +
      `${total.steps} steps, ${total.faults} faults, ${(total.elapsed / 3_600_000).toFixed(0)} simulated hours`,
  );
  console.log(`${total.seeds - failing.length} passed, ${failing.length} failed`);
  return failing.length === 0;
}

async function simulateMutations(): Promise<boolean> {
  const [count, rates] = [countOf("seeds", 100), ratesOf("3")];
  const current: NamedMutation[] = [];
  for (const mutation of mutations) {
    const occurrences = await occurrencesOf(mutation);
    if (occurrences === 1) current.push(mutation);
    else
      console.log(
        `${pc.red("STALE ")} ${mutation.file} holds ${occurrences} times, not once: ${mutation.find}`,
      );
  }
  const ranges = current.map((mutation) => ({
    mutation,
    from: values.from === undefined ? (mutation.from ?? 1) : countOf("from", 1),
    count,
    faultRate: rates[0] ?? 1,
    replayEveryTime: values.replay,
    untilOneFails: true,
  }));
  const progress = new Progress();
  let found = 0;
  let tried = mutations.length - current.length;
  for await (const { range, outcomes } of simulateAll(ranges, countOf("jobs", availableParallelism()))) {
    const { name, invariant } = range.mutation;
    const finding = outcomes.find(({ violation }) => violation !== undefined);
    tried += 1;
    if (finding) found += 1;
    progress.clear();
    console.log(`${finding ? pc.green("found ") : pc.red("MISSED")} ${invariant}  ${name}`);
    if (finding)
      console.log(pc.dim(`          by seed ${finding.seed}: ${finding.violation?.slice(0, 160)}`));
    if (process.stderr.isTTY) progress.show(() => `${tried} of ${mutations.length} tried`);
    if (isStopped) break;
  }
  progress.clear();
  console.log(`${found} of ${tried} faults found in ${progress.seconds.toFixed(0)} s`);
  return found === tried;
}

/** The trace of one seed, as it goes. */
async function showTrace(): Promise<boolean> {
  const seed = countOf("from", 1);
  const [faultRate = 1] = ratesOf("1");
  const trace = (line: string) => console.log(line);
  const actors = await readyActors();
  const outcome = await simulate({ actors, seed, faultRate, replayEveryTime: values.replay, trace });
  return outcome.violation === undefined;
}

if (values.help) console.log(usage);
else {
  const act = values.mutations ? simulateMutations : values.trace ? showTrace : simulateSeeds;
  process.exitCode = (await act()) ? 0 : 1;
}
