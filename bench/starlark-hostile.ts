/**
 * What the hostile scripts of the tests cost: `npm run bench:starlark-hostile [-- NAME-PART]`.
 *
 * Prints for each script the processor time that it takes to end, the least of several runs in a warm
 * process, in node and in workerd, and how far the memory of the workerd process grows while it runs
 * for the first time, garbage that is not collected yet included. Marks what takes longer than 100 ms
 * or more than 64 MB, and fails if anything does. Linux only: it reads /proc.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { overBudget, refused, runHostile } from "../test/starlark/hostile-scripts.ts";
import { startWorker } from "./starlark-engines/start-worker.ts";
import { memory, workerdProcesses } from "./workerd-process.ts";

const RUNS = 5;
const LIMIT_MS = 100;
const LIMIT_BYTES = 64 * 1024 * 1024;

function leastProcessorTime(source: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const before = process.threadCpuUsage();
    runHostile(source);
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Milliseconds that each thread of a process has run. */
function threadTimes(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  const time = (thread: string) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return new Map(threads.map((thread) => [thread, time(thread) / 1e6]));
}

async function startWorkerd() {
  const { url, stop } = await startWorker("hostile-worker.ts");
  const [pid] = workerdProcesses();
  if (pid === undefined) throw new Error("no process of workerd is a child of this one");
  /** The processor time of the thread that works most, which is the one that runs the script. */
  const request = async (source: string): Promise<number> => {
    const before = threadTimes(pid);
    const post = () => fetch(url, { method: "POST", body: source });
    // A connection that was idle for long may just have been closed.
    const response = await post().catch(post);
    await response.text();
    if (response.status !== 200) throw new Error(`workerd answers ${response.status}`);
    return Math.max(...Array.from(threadTimes(pid), ([thread, time]) => time - (before.get(thread) ?? 0)));
  };
  return {
    async cost(source: string): Promise<{ milliseconds: number; bytes: number }> {
      // Writing 5 sets the high-water mark back to what is in use now.
      writeFileSync(`/proc/${pid}/clear_refs`, "5");
      const inUse = memory(pid, "VmRSS");
      let milliseconds = await request(source);
      const bytes = memory(pid, "VmHWM") - inUse;
      for (let i = 1; i < RUNS; i++) milliseconds = Math.min(milliseconds, await request(source));
      return { milliseconds, bytes };
    },
    stop,
  };
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(46) + cells.map((cell) => cell.padStart(13)).join("");
}

async function main(part: string): Promise<void> {
  const scripts = [
    ...Object.entries(overBudget),
    ...Object.entries(refused).map(([name, [source]]) => [name, source] as const),
  ].filter(([name]) => name.includes(part));
  const workerd = await startWorkerd();
  let tooMuch = 0;
  try {
    console.log(row("script", ["node, ms", "workerd, ms", "MB"]));
    for (const [name, source] of scripts) {
      const inNode = leastProcessorTime(source);
      const { milliseconds, bytes } = await workerd.cost(source);
      const isTooMuch = inNode > LIMIT_MS || milliseconds > LIMIT_MS || bytes > LIMIT_BYTES;
      if (isTooMuch) tooMuch++;
      const cells = [inNode.toFixed(1), milliseconds.toFixed(1), (bytes / 1024 / 1024).toFixed(0)];
      console.log(`${row(name, cells)}${isTooMuch ? "  !" : ""}`);
    }
  } finally {
    await workerd.stop();
  }
  console.log(
    `${scripts.length - tooMuch} within ${LIMIT_MS} ms and ${LIMIT_BYTES / 1024 / 1024} MB, ${tooMuch} beyond`,
  );
  if (tooMuch > 0) process.exitCode = 1;
}

await main(process.argv[2] ?? "");
