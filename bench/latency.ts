// How long Sluice takes between an event and the work it causes: `npm run bench:latency [-- --samples 300]`.
//
// Everything is asked over HTTP, one sample after another, of one workerd process with its storage on disk. The
// yardstick, a bare Worker → object → insert, is in that same process and asked the same way; ratios are to its
// figures. Not measured: the network, TLS, throughput, several clients at once, Cloudflare's own storage, which
// confirms a write in several places before it answers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { percentile } from "./engine/figures.ts";
import { Client, clock, startServers } from "./service/servers.ts";

const bareWorker = `
  import { DurableObject } from "cloudflare:workers";
  export class Bare extends DurableObject {
    constructor(ctx, env) {
      super(ctx, env);
      ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT)");
    }
    insert(body) {
      return this.ctx.storage.sql.exec("INSERT INTO rows (body) VALUES (?) RETURNING id", body).one();
    }
  }
  export default {
    async fetch(request, env) {
      const body = await request.text();
      return Response.json(await env.BARE.get(env.BARE.idFromName("one")).insert(body));
    },
  };`;

/** Two Functions in a row: what hangs between an event, a job, and the next job. */
const workflow = `
def work(w, ev):
    w.run(step = "bench.test/first@v1", inputs = {"n": ev["data"]["n"]})
    w.run(step = "bench.test/second@v1", inputs = {"n": ev["data"]["n"]})

on_event(type = "test.bench", handler = work)
`;

interface JobAnswer {
  id: string;
  lease: string;
  inputs: { n: number };
}

const runner = { name: "bench", version: "0", platform: "bench", tags: [], capacity: 1 };

/** One event through two jobs. Times in ms. */
async function sample(sluice: Client, bare: Client, n: number) {
  const yardstickSent = clock();
  const yardstick = (await bare.expect(200, "POST", "/", { n })).at - yardstickSent;

  const poll = () => sluice.expect<JobAnswer>(200, "POST", "/v1/jobs/request", { runner, wait_s: 25 });
  const complete = ({ id, lease }: JobAnswer) =>
    sluice.expect(200, "POST", `/v1/jobs/${encodeURIComponent(id)}/complete`, { lease, outcome: { ok: {} } });
  // As runners do: what was handed over is acknowledged first.
  const acknowledge = ({ id, lease }: JobAnswer) =>
    sluice.expect(200, "POST", `/v1/jobs/${encodeURIComponent(id)}/heartbeat`, { lease });
  // Longer than it takes the poll to be waiting.
  const pause = () => new Promise((resolve) => setTimeout(resolve, 15));

  const firstPoll = poll();
  await pause();
  const sent = clock();
  const event = { specversion: "1.0", id: `bench-${n}`, source: "/bench", type: "test.bench", data: { n } };
  const [receipt, first] = await Promise.all([sluice.expect(202, "POST", "/v1/events", event), firstPoll]);
  await acknowledge(first.value);
  const secondPoll = poll();
  await pause();
  const completed = clock();
  const [, second] = await Promise.all([complete(first.value), secondPoll]);
  await acknowledge(second.value);
  await complete(second.value);

  const [run] = first.value.id.split("~");
  const journal = await sluice.expect<{ records: { at: number }[] }>(
    200,
    "GET",
    `/v1/runs/${run}/journal?limit=1`,
  );
  // The journal's clock is the system's, cut to the millisecond.
  const started = (journal.value.records[0]?.at ?? Number.NaN) + 0.5;
  return {
    yardstick,
    accepted: receipt.at - sent,
    started: started - sent,
    handedOver: first.at - started,
    eventToJob: first.at - sent,
    next: second.at - completed,
  };
}

const { values } = parseArgs({
  options: { samples: { type: "string", default: "200" }, "warm-up": { type: "string", default: "30" } },
});
const stateFolder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const miniflare = await startServers(stateFolder, bareWorker);
const sluice = new Client(await miniflare.unsafeGetDirectURL("sluice"));
const bare = new Client(await miniflare.unsafeGetDirectURL("bare"));
try {
  await sluice.expect(200, "PUT", "/v1/workflows/bench", {
    entry: "bench.star",
    files: { "bench.star": workflow },
  });
  const samples: Awaited<ReturnType<typeof sample>>[] = [];
  for (let n = -Number(values["warm-up"]); n < Number(values.samples); n += 1) {
    const measured = await sample(sluice, bare, n);
    if (n >= 0) samples.push(measured);
  }
  const rows: [keyof (typeof samples)[number], string][] = [
    ["yardstick", "bare Worker → object → insert"],
    ["accepted", "event → 202"],
    ["started", "event → run started"],
    ["handedOver", "run started → job at the waiting runner"],
    ["eventToJob", "event → job at the waiting runner"],
    ["next", "completion → next job at the waiting runner"],
  ];
  const figures = rows.map(([key, label]) => {
    const times = samples.map((one) => one[key]);
    return { label, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  });
  const yard = figures[0] ?? { p50: Number.NaN, p99: Number.NaN };
  console.log(`${samples.length} samples, one client; times in ms, ratios to the bare round trip`);
  console.log(`${"".padEnd(46)}${["p50", "ratio", "p99", "ratio"].map((text) => text.padStart(8)).join("")}`);
  for (const { label, p50, p99 } of figures) {
    const cells = [p50.toFixed(2), (p50 / yard.p50).toFixed(1), p99.toFixed(2), (p99 / yard.p99).toFixed(1)];
    console.log(`${label.padEnd(46)}${cells.map((text) => text.padStart(8)).join("")}`);
  }
} finally {
  sluice.close();
  bare.close();
  await miniflare.dispose();
  rmSync(stateFolder, { recursive: true, force: true });
}
