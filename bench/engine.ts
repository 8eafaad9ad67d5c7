// How fast runs are: `npm run bench:engine [-- --only steps,create,replay,sleep,cold,bundle --samples 20]`.
//
// Everything runs side by side on this machine, one after another: Sluice, the local engine of Cloudflare Workflows
// and a bare object in one workerd process, called over HTTP; Restate and DBOS, where `--peers FOLDER` has them
// (npm install --prefix FOLDER @restatedev/restate-server @restatedev/restate-sdk @dbos-inc/dbos-sdk), as their users
// run them. A step is the least that each can record: a value step is `w.uuid()`, recorded with others in one write;
// a builtin step is `w.run("builtin://log")`, which policy decides one by one, and whose outcome the run keeps before it
// goes on, as `step.do`, `ctx.run` and `runStep` do; many such steps may be one write. The bare object writes the very
// records that the runs before it wrote, a row each and a transaction a step, in one commit.
//
// Not measured: the network, several machines, Cloudflare's storage, which confirms a write in several places.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunId } from "../src/protocol/ids.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import { endOf } from "../src/workflow/journal-state.ts";
import { bundleSize } from "./engine/bundle-size.ts";
import type { Database } from "./engine/database.ts";
import { startDbos } from "./engine/dbos.ts";
import { type Figures, percentile, row, short, slope, throughput, timed } from "./engine/figures.ts";
import { newId } from "./engine/new-id.ts";
import type { Peer } from "./engine/peer.ts";
import { startRestate } from "./engine/restate.ts";
import { type BenchServer, startServer } from "./engine/server.ts";
import { benchSleep } from "./engine/sleep.ts";
import { workflows } from "./engine/workflows.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "steps,create,replay,sleep,cold,bundle" },
    samples: { type: "string", default: "20" },
    runs: { type: "string", default: "1000" },
    wake: { type: "string", default: "10000" },
    peers: { type: "string" },
  },
});
const sections = new Set(options.only.split(","));
const CLIENTS = 32;

interface Journal {
  ok: true;
  value: { records: JournalRecord[] };
}

async function journalOf({ client }: BenchServer, run: RunId): Promise<JournalRecord[]> {
  return (await client.post<Journal>({ op: "journal", run, after: 0 })).value.records;
}

/** The journal of a run that did what it was to do. */
async function journalOfSuccess(server: BenchServer, run: RunId): Promise<JournalRecord[]> {
  const records = await journalOf(server, run);
  const last = records.at(-1);
  if (endOf(last)?.data.state !== "succeeded")
    throw new Error(`the run has not succeeded: ${JSON.stringify(last)}`);
  return records;
}

async function run(server: BenchServer, source: string, data: unknown, finish = true): Promise<RunId> {
  const name = newId();
  await server.client.post({ op: "start", run: name, source, data, finish });
  return name;
}

/** The rows of a journal, in the turns in which a run writes them. */
function turnsOf(records: readonly JournalRecord[], isOneTurn: boolean): string[][] {
  const turns: string[][] = [[]];
  for (const record of records) {
    const begins = record.type === "noted" && record.note === "policy_decision";
    if (begins && !isOneTurn) turns.push([]);
    turns.at(-1)?.push(JSON.stringify(record));
  }
  return turns;
}

async function benchSteps(server: BenchServer, peers: readonly Peer[]): Promise<void> {
  console.log(`\nSequential durable steps, one client: ms a run, p50 (p99), and ms that one more step adds`);
  const columns = [1, 9, 100, 1000];
  console.log(row("", [...columns.map((steps) => `${steps} steps`), "a step"]));
  const lines: { label: string; p50s: number[] }[] = [];
  const line = async (label: string, call: (steps: number) => Promise<Figures>) => {
    const figures: Figures[] = [];
    for (const steps of columns) figures.push(await call(steps));
    const p50s = figures.map(({ p50 }) => p50);
    lines.push({ label, p50s });
    const cells = figures.map(({ p50, p99 }) => `${short(p50)} (${short(p99)})`);
    console.log(row(label, [...cells, short(slope(columns, p50s))]));
  };
  const samplesOf = (steps: number) =>
    Math.max(3, Math.ceil(Number(options.samples) / (steps >= 1000 ? 5 : 1)));
  for (const [kind, source] of [
    ["value", workflows.values],
    ["builtin", workflows.builtins],
  ] as const) {
    await line(`bare object, rows of ${kind} steps`, async (steps) => {
      const journal = await journalOfSuccess(server, await run(server, source, { steps }));
      const turns = turnsOf(journal, kind === "value");
      return await timed(samplesOf(steps), async () => {
        await server.client.post({ op: "bare", run: newId(), turns });
      });
    });
    await line(`Sluice, ${kind} steps`, (steps) =>
      timed(samplesOf(steps), async () => void (await run(server, source, { steps }))),
    );
  }
  await line("Cloudflare Workflows, step.do", (steps) =>
    timed(steps >= 1000 ? 1 : samplesOf(steps), async () => {
      await server.client.post({ op: "cloudflare", run: newId(), steps });
    }),
  );
  for (const peer of peers) {
    await line(peer.name, (steps) => timed(samplesOf(steps), () => peer.run(steps)));
  }
  const [bareValues, values, bareBuiltins, builtins, ...others] = lines;
  console.log("\nRatios, ours to theirs, at each number of steps, and of what one more step adds");
  for (const [ours, theirs] of [
    [values, bareValues],
    [builtins, bareBuiltins],
    ...others.flatMap((other) => [
      [values, other],
      [builtins, other],
    ]),
  ]) {
    if (!ours || !theirs) continue;
    const ratios = ours.p50s.map((p50, i) => short(p50 / (theirs.p50s[i] ?? Number.NaN)));
    ratios.push(short(slope(columns, ours.p50s) / slope(columns, theirs.p50s)));
    console.log(row(`${ours.label} / ${theirs.label}`.slice(0, 70), ratios));
  }
}

async function benchCreate(server: BenchServer): Promise<void> {
  const total = Number(options.runs);
  console.log(`\n3-step runs, ${CLIENTS} clients, ${total} runs`);
  const first = await run(server, workflows.values, { steps: 3 });
  const turns = turnsOf(await journalOfSuccess(server, first), true);
  const database = await server.client.post<Database>({ op: "database", run: first });
  const yardsticks: { label: string; order: object; rates: number[] }[] = [
    { label: "bare objects with the same journal", order: { op: "bare", turns }, rates: [] },
    { label: "bare objects with the same tables and rows", order: { op: "copy", database }, rates: [] },
  ];
  const start = async () => void (await run(server, workflows.values, { steps: 3 }));
  const ours: number[] = [];
  // In turns, so that what the machine does besides hits all of them.
  for (let round = 0; round < 4; round++) {
    for (const { order, rates } of yardsticks) {
      const create = async () => void (await server.client.post({ ...order, run: newId() }));
      rates.push(await throughput(CLIENTS, total / 4, create));
    }
    ours.push(await throughput(CLIENTS, total / 4, start));
  }
  const ourRate = percentile(ours, 0.5);
  console.log(row("Sluice, runs", [`${short(ourRate)}/s`]));
  for (const { label, rates } of yardsticks) {
    const rate = percentile(rates, 0.5);
    console.log(row(label, [`${short(rate)}/s`, `share ${short(ourRate / rate)}`]));
  }
}

async function benchReplay(server: BenchServer): Promise<void> {
  console.log("\nReplay from cold storage to the next command: ms, p50 (p99)");
  for (const commands of [0, 1000, 10_000]) {
    const name = newId();
    const data = { steps: commands };
    await server.client.post({ op: "start", run: name, source: workflows.sleeps, data, finish: false });
    const again = () => server.client.post({ op: "again", run: name, source: workflows.sleeps, data });
    const abort = () => server.client.post({ op: "abort", run: name });
    const { p50, p99 } = await timed(Number(options.samples), async () => void (await again()), abort);
    const size = await server.client.post<number>({ op: "size", run: name });
    console.log(row(`${commands} commands`, [`${short(p50)} (${short(p99)})`, `${short(size / 1024)} KiB`]));
  }
}

/** Starts the Worker anew: nothing of it is in memory. */
async function benchColdStart(folder: string): Promise<void> {
  console.log("\nCold start of the Worker: ms to its first answer, a new object included");
  const times: number[] = [];
  for (let sample = 0; sample < 5; sample++) {
    const fresh = await startServer(folder, 1);
    try {
      const before = performance.now();
      await run(fresh, workflows.values, { steps: 1 });
      times.push(performance.now() - before);
    } finally {
      await fresh.stop();
    }
  }
  console.log(row("Sluice", [`${short(percentile(times, 0.5))} (${short(Math.max(...times))})`]));
}

const stateFolder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const server = await startServer(stateFolder, CLIENTS);
const peers: Peer[] = [];
try {
  if (sections.has("steps")) {
    for (const start of [startRestate, startDbos]) {
      const peer = await start(options.peers);
      if (typeof peer === "string") console.log(peer);
      else peers.push(peer);
    }
    await benchSteps(server, peers);
  }
  if (sections.has("create")) await benchCreate(server);
  if (sections.has("replay")) await benchReplay(server);
  if (sections.has("sleep")) await benchSleep(Number(options.wake), join(stateFolder, "sleep"));
  if (sections.has("cold")) await benchColdStart(join(stateFolder, "cold"));
  if (sections.has("bundle")) await bundleSize();
} finally {
  for (const peer of peers) await peer.stop();
  await server.stop();
  rmSync(stateFolder, { recursive: true, force: true });
}
