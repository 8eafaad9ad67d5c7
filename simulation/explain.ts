// Tells why a seed fails, with as little as it takes.
import pc from "picocolors";
import { shrink } from "./shrink.ts";
import { type Outcome, type SimulationOptions, simulate } from "./simulate.ts";

const TRACE_LINES = 200;

/** Prints the trace of a failing seed with the fewest of its faults that break it, and how to run it again. */
export async function explain(options: SimulationOptions, failing: Outcome): Promise<void> {
  const { seed, faultRate = 1, replayEveryTime } = options;
  console.error(
    `looking for the fewest of the ${failing.faults.length} faults of seed ${seed} that break it…`,
  );
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
  const replay = replayEveryTime ? " --replay" : "";
  console.error(`again: npm run simulate -- --from ${seed} --seeds 1 --faults ${faultRate}${replay}`);
}
