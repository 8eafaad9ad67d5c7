// Tells why a seed fails, with as little as it takes.
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { ShortNames, tellingLines } from "./readable-trace.ts";
import { shrink } from "./shrink.ts";
import { type Outcome, type SimulationOptions, simulate } from "./simulate.ts";

/** What a terminal shows of a line where it does not say how wide it is. */
const WIDTH = 100;

/**
 * Prints why a seed fails: the violation, the fewest of its faults that break it, the part of the trace that tells
 * how, and how to run it again. The whole trace is put into a file.
 */
export async function explain(options: SimulationOptions, failing: Outcome): Promise<void> {
  const { seed, faultRate = 1, replayEveryTime } = options;
  console.error(pc.dim(`looking for the fewest of the ${failing.faults.length} faults of seed ${seed}…`));
  const smallest = await shrink(options, failing);
  const lines: string[] = [];
  const { violation, faults } = await simulate({
    ...options,
    ...(smallest && { only: smallest.only }),
    trace: (line) => lines.push(line),
  });
  const [workflow = "", ...events] = lines;
  const names = new ShortNames();
  const trace = events.map((line) => names.in(line));
  const file = join(tmpdir(), `sluice-seed-${seed}.log`);
  writeFileSync(file, [workflow, ...trace, ...names.legend(), ""].join("\n"));

  const width = process.stderr.columns ?? WIDTH;
  const cut = (line: string) => (line.length > width ? `${line.slice(0, width - 1)}…` : line);
  const say = (line: string) => console.error(coloured(cut(line)));
  console.error(pc.red(`\nseed ${seed}: ${names.in(violation ?? "nothing is wrong this time")}`));
  say(faults.length === 0 ? "\nit takes no fault at all" : "\nit takes");
  for (const { id } of faults) say(`  ${names.in(id).replace(/ (\d+)$/, ", chance $1")}`);
  say("\nwhat happened, without idle polls:");
  for (const line of tellingLines(trace)) say(`  ${line}`);
  const replay = replayEveryTime ? " --replay" : "";
  console.error(`\nall of it, and the workflow: ${file}`);
  console.error(`again: npm run simulate -- --from ${seed} --seeds 1 --faults ${faultRate}${replay}`);
}

function coloured(line: string): string {
  if (line.includes("***")) return pc.yellow(line);
  if (line.includes("!!!")) return pc.red(line);
  return line.startsWith("  …") ? pc.dim(line) : line;
}
