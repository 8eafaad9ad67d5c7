// How long the directory takes to answer, with 100,000 runs in it: `npm run bench:dashboard [-- --runs 100000]`.
//
// The whole Worker in one workerd process with its storage on disk, filled through the directory's own `apply`. Each
// question is asked over HTTP, one after another ("server"), and by a page in Chromium that is signed in ("browser":
// from the call of fetch to the parsed answer). Not measured: the network, TLS, several people at once.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { findChromium } from "../scripts/chromium.ts";
import type { RunSummary } from "../src/protocol/run.ts";
import { percentile } from "./engine/figures.ts";
import { Client, clock, startServers, token } from "./service/servers.ts";

const BATCH = 500;
const FIRST_AT = Date.UTC(2026, 0, 1);
/** As durable-objects/stubs.ts names it. */
const DIRECTORY = "default/directory";
/** The goal, for each question. Milliseconds. */
const GOAL_MS = 100;

const bareWorker = `
  import { DurableObject } from "cloudflare:workers";
  export class Bare extends DurableObject {}
  export default { fetch: () => new Response("{}") };`;

const workflows = ["canary", "release-train", "rollback", "nightly", "cleanup"];
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** The nth of them: five workflows, 300 people, 40 services; one in a hundred failed, one in a thousand still moves. */
function runOf(n: number): RunSummary {
  const createdAt = FIRST_AT + n * 60_000;
  const state = n % 1000 === 7 ? "waiting" : n % 100 === 3 ? "failed" : "succeeded";
  const id = `run_${((BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % (1n << 128n)).toString(16).padStart(32, "0")}`;
  return {
    id,
    workflow: pick(workflows, n),
    digest: "d".repeat(64),
    trigger: `${pick(workflows, n)}/deploy`,
    initiator: `person-${n % 300}`,
    event: {
      id: String(n),
      source: `https://github.com/acme/service-${n % 40}`,
      type: "com.github.release.published",
      subject: `v1.${n % 997}.${n % 7}`,
    },
    state,
    waitingFor: state === "waiting" ? "held by policy: production needs approval" : "",
    environments: n % 3 === 0 ? ["production"] : ["staging"],
    labels: { service: `service-${n % 40}`, team: pick(["checkout", "platform", "search"], n) },
    createdAt,
    updatedAt: createdAt + 1000,
    ...(state !== "waiting" && { finishedAt: createdAt + 1000 }),
    ...(state === "failed" && {
      error: { code: "FunctionFailed", message: `exit code ${n % 256}: no space left on device` },
    }),
    commands: 12,
    version: 3,
  };
}

const { values } = parseArgs({
  options: { runs: { type: "string", default: "100000" }, samples: { type: "string", default: "40" } },
});
const [count, samples] = [Number(values.runs), Number(values.samples)];
const stateFolder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const miniflare = await startServers(stateFolder, bareWorker);
const url = await miniflare.unsafeGetDirectURL("sluice");
const client = new Client(url);

async function fill(): Promise<void> {
  // Miniflare's types know of no namespace here; what it gives is one.
  const namespace = (await miniflare.getDurableObjectNamespace("DIRECTORY", "sluice")) as unknown as {
    idFromName(name: string): unknown;
    get(id: unknown): { apply(change: { runs: RunSummary[] }): Promise<void> };
  };
  const directory = namespace.get(namespace.idFromName(DIRECTORY));
  const began = performance.now();
  for (let n = 0; n < count; n += BATCH) {
    await directory.apply({
      runs: Array.from({ length: Math.min(BATCH, count - n) }, (_, i) => runOf(n + i)),
    });
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${count} runs taken in within ${seconds.toFixed(0)} s, ${(count / seconds).toFixed(0)} a second`,
  );
}

/** The address of a page that many pages were read before. */
async function deepPage(): Promise<string> {
  let cursor = "";
  for (let n = 0; n < Math.min(count / 500 - 1, 100); n += 1) {
    const path = `/v1/runs?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    cursor = (await client.expect<{ next: string }>(200, "GET", path)).value.next;
  }
  return `/v1/runs?limit=100&cursor=${encodeURIComponent(cursor)}`;
}

async function questions(): Promise<[string, string][]> {
  const day = (n: number) => new Date(FIRST_AT + n * 24 * 3600_000).toISOString();
  const of = (query: Record<string, string>) => `/v1/runs?${new URLSearchParams({ limit: "100", ...query })}`;
  const some = runOf(Math.floor(count / 2)).id;
  return [
    ["the first view", "/v1/overview"],
    ["newest first", of({})],
    ["a page deep down", await deepPage()],
    ["state", of({ state: "failed" })],
    ["a rare state", of({ state: "waiting" })],
    ["workflow", of({ workflow: "canary" })],
    ["environment", of({ environment: "production" })],
    ["initiator", of({ initiator: "person-7" })],
    ["label", of({ label: "service=service-3" })],
    [
      "label, environment, workflow",
      of({ label: "team=search", environment: "production", workflow: "canary" }),
    ],
    ["a week, long ago", of({ from: day(10), to: day(17) })],
    ["words: an id", of({ text: some })],
    ["words: one letter", of({ text: "c" })],
    ["words: in all runs", of({ text: "github release" })],
    ["words: few find any", of({ text: "space device 255" })],
    ["words: none finds any", of({ text: "github nowhere" })],
    ["words, state, environment", of({ text: "service-3", state: "failed", environment: "production" })],
  ];
}

function print(where: string, label: string, taken: readonly number[]): void {
  const cells = [percentile(taken, 0.5), percentile(taken, 0.99)].map((ms) => ms.toFixed(1).padStart(8));
  console.log(`${where.padEnd(8)} ${label.padEnd(30)} p50${cells[0]}  p99${cells[1]}`);
}

/** Asks from a page that is signed in, as the dashboard does. */
async function browserTimes(paths: readonly string[]): Promise<number[][]> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium here: install it, or name one in CHROMIUM");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });
  try {
    // The page's own policy lets a text that answers for itself ask nobody else.
    const page = await browser.newPage({ bypassCSP: true });
    await page.goto(new URL("/v1/health", url).href);
    return await page.evaluate(
      async ({ paths, samples, token }) => {
        const headers = { authorization: `Bearer ${token}` };
        const times: number[][] = [];
        for (const path of paths) {
          const taken: number[] = [];
          for (let n = -3; n < samples; n += 1) {
            const before = performance.now();
            const answer = await fetch(path, { headers });
            if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
            await answer.json();
            if (n >= 0) taken.push(performance.now() - before);
          }
          times.push(taken);
        }
        return times;
      },
      { paths: [...paths], samples, token },
    );
  } finally {
    await browser.close();
  }
}

try {
  await fill();
  const asked = await questions();
  console.log(`${samples} samples of each, 100 runs a page; times in ms, the goal is ${GOAL_MS}`);
  for (const [label, path] of asked) {
    const taken: number[] = [];
    for (let n = -3; n < samples; n += 1) {
      const before = clock();
      const { at } = await client.expect(200, "GET", path);
      if (n >= 0) taken.push(at - before);
    }
    print("server", label, taken);
  }
  const seen = await browserTimes(asked.map(([, path]) => path));
  asked.forEach(([label], index) => {
    print("browser", label, seen[index] ?? []);
  });
} finally {
  client.close();
  await miniflare.dispose();
  rmSync(stateFolder, { recursive: true, force: true });
}
