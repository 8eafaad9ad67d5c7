// Runs that sleep: what one costs meanwhile, and how long it takes until many that wake at the same moment have moved.
//
// An object that is awake holds files open, and workerd fails when a process may open no more of them. So the runs are
// spread over as many servers as that takes, each with storage of its own, as a cloud spreads objects over machines.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunId } from "../../src/protocol/ids.ts";
import { memory, openFiles } from "../workerd-process.ts";
import { percentile, row, short, throughput } from "./figures.ts";
import { newId } from "./new-id.ts";
import { type BenchServer, startServer } from "./server.ts";
import { workflows } from "./workflows.ts";

/** Of an object that is awake: its database, the log of that and the log's index. */
const FILES_OF_RUN = 3;
/** What workerd opens besides, with room for the objects that were awake a moment ago. */
const OTHER_FILES = 1500;
const CLIENTS = 32;
const PROGRESS_MS = 15_000;
/** How much longer the others may take to create than the first: what else a machine does changes. */
const MARGIN = 2.5;
/** An object leaves memory when nobody has called it for ten seconds; then all is started anew. */
const ASLEEP_MS = 45_000;
/** Bus, directory, alarms of all objects: what may be awake besides. */
const ACTORS_FOR_ALL = 20;
/** When nothing more has moved for so long, nothing will. */
const PATIENCE_MS = 600_000;
/** Time to start the servers anew. */
const RESTART_MS = 20_000;

interface Sleepers {
  folder: string;
  server: BenchServer;
  runs: RunId[];
}

/** How many runs can be awake in one process. */
function mostAwake(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
  if (limit === "unlimited") return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((Number(limit) - OTHER_FILES) / FILES_OF_RUN));
}

async function start({ client }: BenchServer, run: RunId, until: number): Promise<void> {
  const data = { until, now: Date.now() };
  await client.post({ op: "start", run, source: workflows.wakes, data, finish: false });
}

/** Says now and then how far something is. */
class Progress {
  #shownAt = Date.now();

  show(line: () => string): void {
    if (Date.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = Date.now();
    console.error(`  ${line()}`);
  }
}

/** Creates them all, and answers when they are to wake: late enough for the last to be asleep by then. */
async function fallAsleep(groups: readonly Sleepers[]): Promise<number> {
  const inAll = (count: (group: Sleepers) => number, create: (group: Sleepers, n: number) => Promise<void>) =>
    Promise.all(groups.map((group) => throughput(CLIENTS, count(group), (n) => create(group, n))));
  const early = Date.now() + 1000;
  const rates = await inAll(
    () => 200,
    ({ server }) => start(server, newId(), early),
  );
  const longest = Math.max(...groups.map(({ runs }, n) => runs.length / (rates[n] ?? 1))) * 1000;
  const wakeAt = Date.now() + Math.ceil(longest * MARGIN) + ASLEEP_MS;
  const total = groups.reduce((sum, { runs }) => sum + runs.length, 0);
  const progress = new Progress();
  let created = 0;
  await inAll(
    ({ runs }) => runs.length,
    async ({ server, runs }, n) => {
      const run = runs[n];
      if (run) await start(server, run, wakeAt);
      created += 1;
      progress.show(() => `${created} of ${total} runs are there, ${seconds(wakeAt - Date.now())} are left`);
    },
  );
  return wakeAt;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Whether the objects of runs are gone from memory, all but the few that work for all. */
async function untilAsleep({ server: { pid } }: Sleepers, until: number): Promise<void> {
  if (pid === undefined) return;
  let awake = openFiles(pid, ".sqlite");
  while (awake > ACTORS_FOR_ALL && Date.now() < until) {
    await sleep(1000);
    awake = openFiles(pid, ".sqlite");
  }
  console.log(row("objects in memory while all sleep", [`${awake}`]));
}

/** The memory of a process that has answered once; 0 where the system does not tell. */
async function memoryOf({ client, pid }: BenchServer): Promise<number> {
  await client.post({ op: "unfinished" });
  return pid === undefined ? 0 : memory(pid, "VmRSS");
}

/** Waits without looking at a run: whoever looks wakes it, and hides that nothing else would have. */
async function allOver(groups: readonly Sleepers[]): Promise<void> {
  const progress = new Progress();
  let [known, since] = [Number.POSITIVE_INFINITY, Date.now()];
  for (;;) {
    const counts = groups.map(({ server }) => server.client.post<number>({ op: "unfinished" }));
    const left = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    if (left < known) [known, since] = [left, Date.now()];
    if (left === 0 || Date.now() - since > PATIENCE_MS) return;
    progress.show(() => `${left} runs are not over`);
    await sleep(1000);
  }
}

export async function benchSleep(total: number, folder: string): Promise<void> {
  console.log("\nSleeping runs");
  const each = mostAwake();
  const servers = Math.ceil(total / each);
  if (servers > 1)
    console.log(`(on ${servers} servers: files for ${each} that are awake may be open in one process)`);
  const groups: Sleepers[] = [];
  try {
    for (let n = 0; n < servers; n++) {
      const runs = Array.from({ length: Math.ceil((total - n) / servers) }, newId);
      const own = join(folder, String(n));
      groups.push({ folder: own, server: await startServer(own, CLIENTS), runs });
    }
    const [first] = groups;
    if (!first) throw new Error("there are no runs to wake");
    const empty = await memoryOf(first.server);
    const wakeAt = await fallAsleep(groups);
    const late = Date.now() - wakeAt;
    if (late > 0)
      console.log(`(the last of them was there ${seconds(late)} after the time: use fewer, --wake)`);
    await untilAsleep(first, wakeAt - RESTART_MS);
    // What they leave in memory is told by a process that has never seen one awake: the garbage of one that has is none.
    for (const group of groups) {
      await group.server.stop();
      group.server = await startServer(group.folder, CLIENTS);
    }
    const bytes = ((await memoryOf(first.server)) - empty) / first.runs.length;
    console.log(row("a sleeping run in memory", [`${short(bytes)} bytes`]));
    console.error(`  all wake in ${seconds(wakeAt - Date.now())}`);
    await sleep(Math.max(0, wakeAt - Date.now()));
    await allOver(groups);
    const ends = groups.map(({ server }) => server.client.post<number[]>({ op: "successes", since: wakeAt }));
    const delays = (await Promise.all(ends)).flat().map((at) => at - wakeAt);
    const size = await first.server.client.post<number>({ op: "size", run: first.runs[0] });
    console.log(row("a run that slept, on disk", [`${short(size / 1024)} KiB`]));
    console.log(
      row(`${total} runs waking at once`, [
        `last ${short(percentile(delays, 1) / 1000)} s`,
        `p50 ${short(percentile(delays, 0.5) / 1000)} s`,
        `lost ${total - delays.length}`,
      ]),
    );
    if (delays.length < total) process.exitCode = 1;
  } finally {
    for (const { server } of groups) await server.stop();
  }
}
