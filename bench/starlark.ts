/**
 * How fast Starlark programs run: `npm run bench:starlark [-- DIR]`.
 *
 * Every program of the folder (default: our own) runs in this process, in workerd, and, where a
 * `starlark` binary is on the PATH, in starlark-go: in turns, from source to finished, in a process
 * that is warm; of starlark-go's, which starts anew, the time of an empty program is taken off. Prints
 * milliseconds, ratios to starlark-go's, and on the last line the geometric mean of the ratios. Without
 * a folder also what it costs to suspend a fiber.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "./starlark-engines/engine.ts";
import { engineInNode, suspendedFiberBytes, suspensionMicroseconds } from "./starlark-engines/in-node.ts";
import { engineInWorkerd, type WorkerdEngine } from "./starlark-engines/in-workerd.ts";
import type { BenchmarkProgram } from "./starlark-engines/run-program.ts";
import { starlarkGo } from "./starlark-engines/starlark-go.ts";

/** How many times the engines take turns at a program. */
const ROUNDS = 3;
/** Differences of less than this drown in the time that a process takes to start. */
const MEASURABLE_MS = 5;

/** The parser's benchmark: ten thousand lines, which do nothing when run. */
function tenThousandLines(): BenchmarkProgram {
  const functions = Array.from({ length: 1250 }, (_, i) =>
    [
      `def f${i}(a, b = ${i}, *args, **kwargs):`,
      '    """Adds."""',
      "    if a > b:",
      `        return [x * ${i} for x in args if x != "y"]`,
      "    elif not b:",
      '        return {"k": a, "l": (b, 1.5)}',
      "    return a + b",
      "",
    ].join("\n"),
  );
  return { name: "parse-10000-lines", source: functions.join("\n") };
}

function readPrograms(folder: string): BenchmarkProgram[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".star"))
    .sort()
    .map((name) => ({ name: name.slice(0, -5), source: readFileSync(join(folder, name), "utf8") }));
}

/** The least time per engine; undefined, with the reason on stderr, where the program fails. */
async function measure(
  engines: readonly Engine[],
  program: BenchmarkProgram,
): Promise<(number | undefined)[]> {
  const times: (number | undefined)[] = engines.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, engine] of engines.entries()) {
      const least = times[i];
      if (least === undefined) continue;
      try {
        times[i] = Math.min(least, await engine.time(program));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        console.error(`${program.name} fails in ${engine.name}: ${reason}`);
        times[i] = undefined;
      }
    }
  }
  return times;
}

function row(name: string, cells: readonly (string | undefined)[]): string {
  return name.padEnd(24) + cells.map((cell) => (cell ?? "-").padStart(17)).join("");
}

function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

/** Prints a row per program; returns the ratios of ours to the yardstick's, per engine of ours. */
async function printTable(
  programs: readonly BenchmarkProgram[],
  ours: readonly Engine[],
  yardstick: Engine | undefined,
): Promise<number[][]> {
  const engines = yardstick === undefined ? ours : [...ours, yardstick];
  const ratios: number[][] = ours.map(() => []);
  const ratioTitles = yardstick === undefined ? [] : ours.map(({ name }) => `${name} ratio`);
  console.log(row("program", [...engines.map(({ name }) => `${name}, ms`), ...ratioTitles]));
  for (const program of programs) {
    const times = await measure(engines, program);
    const cells = times.map((time) => time?.toFixed(time < 1 ? 3 : 1));
    const other = yardstick === undefined ? undefined : times.at(-1);
    for (const [i, list] of ratios.entries()) {
      if (yardstick === undefined) break;
      const time = times[i];
      // A program that is too quick for it, or uses modules that it lacks, has no yardstick.
      const isMeasurable = time !== undefined && other !== undefined && other >= MEASURABLE_MS;
      if (isMeasurable) list.push(time / other);
      cells.push(isMeasurable ? (time / other).toFixed(2) : "-");
    }
    console.log(row(program.name, cells));
  }
  return ratios;
}

async function printSuspension(workerd: WorkerdEngine): Promise<void> {
  const inNode = await suspensionMicroseconds();
  const inWorkerd = await workerd.suspensionMicroseconds();
  console.log(
    `suspend and resume a fiber: ${inNode.toFixed(2)} µs in node, ${inWorkerd.toFixed(2)} µs in workerd`,
  );
  console.log(`memory of a suspended fiber: ${Math.round(suspendedFiberBytes())} bytes`);
}

async function main(folder: string | undefined): Promise<void> {
  const programs = readPrograms(folder ?? join(import.meta.dirname, "starlark"));
  const siblings = new Map(programs.map(({ name, source }) => [`${name}.star`, source]));
  if (folder === undefined) programs.push(tenThousandLines());
  const workerd = await engineInWorkerd(siblings);
  const yardstick = await starlarkGo(siblings);
  try {
    const ours = [engineInNode(siblings), workerd];
    const ratios = await printTable(programs, ours, yardstick);
    if (folder === undefined) await printSuspension(workerd);
    if (yardstick === undefined) {
      console.log(
        "no `starlark` on the PATH to compare with: go install go.starlark.net/cmd/starlark@latest",
      );
      return;
    }
    const means = ours.map(({ name }, i) => `${geometricMean(ratios[i] ?? []).toFixed(3)} in ${name}`);
    console.log(`geometric mean of ${ratios[0]?.length ?? 0} ratios to starlark-go: ${means.join(", ")}`);
  } finally {
    yardstick?.stop();
    await workerd.stop();
  }
}

await main(process.argv[2]);
