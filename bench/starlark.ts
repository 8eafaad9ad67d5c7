/**
 * How fast Starlark programs run: `npm run bench:starlark [-- DIR]`.
 *
 * Every program runs here, from source to finished in a warm process, and, where a `starlark` binary
 * is on the PATH, in starlark-go: the time of its process less that of an empty program. Prints both,
 * the ratio, and on the last line the ratios' geometric mean.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, initModule } from "../src/starlark/index.ts";
import { standardModules } from "../src/starlark/library/modules.ts";

const dialect = { recursion: true, while: true, topLevelControl: true, globalReassign: true };
const predeclared = Object.keys(standardModules);

interface BenchmarkProgram {
  readonly name: string;
  readonly source: string;
}

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
  return { name: "parse 10,000 lines", source: functions.join("\n") };
}

function readPrograms(folder: string): BenchmarkProgram[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".star"))
    .sort()
    .map((name) => ({ name: name.slice(0, -5), source: readFileSync(join(folder, name), "utf8") }));
}

/** The least of a few times, in milliseconds: what disturbs only adds. */
function leastTime(run: () => void, patienceMs: number): number {
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + patienceMs;
  for (let i = 0; i < 3 || (performance.now() < end && i < 1000); i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function ours({ name, source }: BenchmarkProgram): number {
  return leastTime(() => {
    initModule(compile(source, { file: `${name}.star`, dialect, predeclared }), {
      predeclared: standardModules,
    });
  }, 1000);
}

/** Times programs in starlark-go; undefined when there is none. */
function starlarkGo(): ((program: BenchmarkProgram) => number | undefined) | undefined {
  if (spawnSync("starlark", ["-c", "1"]).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "bench-starlark-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const time = (source: string): number | undefined => {
    const file = join(folder, "program.star");
    writeFileSync(file, source);
    try {
      return leastTime(
        () => execFileSync("starlark", ["-recursion", "-globalreassign", file], { stdio: "ignore" }),
        500,
      );
    } catch {
      // It has fewer modules than we do; such a program has no yardstick.
      return undefined;
    }
  };
  const startUp = time("") ?? 0;
  return ({ source }) => {
    const total = time(source);
    return total === undefined ? undefined : Math.max(0, total - startUp);
  };
}

/** Differences of less than this drown in the time that a process takes to start. */
const MEASURABLE_MS = 1;

function main(folder: string | undefined): void {
  const programs = readPrograms(folder ?? join(import.meta.dirname, "starlark"));
  if (folder === undefined) programs.push(tenThousandLines());
  const theirs = starlarkGo();
  const ratios: number[] = [];
  console.log(
    `${"program".padEnd(20)}${"ours, ms".padStart(12)}${"starlark-go".padStart(14)}${"ratio".padStart(8)}`,
  );
  for (const program of programs) {
    const own = ours(program);
    const other = theirs?.(program);
    const isMeasurable = other !== undefined && other >= MEASURABLE_MS;
    if (isMeasurable) ratios.push(own / other);
    const columns = [
      program.name.padEnd(20),
      own.toFixed(2).padStart(12),
      (other === undefined ? "-" : other.toFixed(2)).padStart(14),
      (isMeasurable ? (own / other).toFixed(2) : "-").padStart(8),
    ];
    console.log(columns.join(""));
  }
  if (theirs === undefined) {
    console.log("no `starlark` on the PATH to compare with: go install go.starlark.net/cmd/starlark@latest");
    return;
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`geometric mean of ${ratios.length} ratios: ${mean.toFixed(2)}`);
}

main(process.argv[2]);
