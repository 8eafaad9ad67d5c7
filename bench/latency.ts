// How long Sluice takes between an event and the work it causes: `npm run bench:latency [-- --samples 300]`.
//
// Everything is asked over HTTP, one sample after another, of one workerd process with its storage on disk. The
// yardstick, a bare Worker → object → insert, is in that same process and asked the same way; ratios are to its
// figures. Not measured: the network, TLS, throughput, several clients at once, Cloudflare's own storage, which
// confirms a write in several places before it answers.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker, type WorkerModule } from "../cli/dev/bundle.ts";
import { makeToken } from "../src/auth/token.ts";

const root = join(import.meta.dirname, "..");
const { token } = makeToken();

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

interface Answer {
  status: number;
  body: string;
  /** When the last byte was here, in ms since the epoch, with fractions. */
  at: number;
}

const clock = () => performance.timeOrigin + performance.now();

/** A client of one server that keeps its connections. */
class Client {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: URL) {
    this.#url = url;
  }

  #call(method: string, path: string, body: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type = path === "/v1/events" ? "application/cloudevents+json" : "application/json";
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      const outgoing = request(
        new URL(path, this.#url),
        { method, headers, agent: this.#agent },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              at: clock(),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The parsed answer, which must have one of the given statuses. */
  async expect<T>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ value: T; at: number }> {
    const answer = await this.#call(method, path, body);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return { value: JSON.parse(answer.body) as T, at: answer.at };
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function startServers(stateFolder: string): Promise<Miniflare> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, "wrangler.toml"));
  const { modulesRules: _rules, ...worker } = workerOptions;
  const modules = await bundleWorker(root);
  const unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
  const workers: V4WorkerOptions[] = [
    {
      ...worker,
      name: "sluice",
      rootPath: root,
      modules: modules.map((module) => ({ ...module, path: join(root, module.path) })),
      modulesRoot: root,
      unsafeDirectSockets,
      bindings: {
        SLUICE_MODE: "local",
        SLUICE_ADMIN_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
      },
    },
    {
      name: "bare",
      rootPath: root,
      modules: [
        { type: "ESModule", path: join(root, "bare.js"), contents: bareWorker },
      ] satisfies WorkerModule[],
      modulesRoot: root,
      compatibilityDate: String(worker.compatibilityDate),
      durableObjects: { BARE: { className: "Bare", useSQLite: true } },
      unsafeDirectSockets,
    },
  ];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      log: new Log(LogLevel.NONE),
      logRequests: false,
      telemetry: { enabled: false },
      cf: false,
      resourcePersistencePath: stateFolder,
      handleStructuredLogs: ({ level, message }) => {
        if (level === "error") console.error(message);
      },
      workers,
    }),
  );
  await miniflare.ready;
  return miniflare;
}

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

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const { values } = parseArgs({
  options: { samples: { type: "string", default: "200" }, "warm-up": { type: "string", default: "30" } },
});
const stateFolder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const miniflare = await startServers(stateFolder);
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
