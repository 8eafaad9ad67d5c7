// How late timers are: `npm run bench:timers [-- --samples 100]`.
//
// A sleep, a wait's timeout and a schedule of the whole of Sluice, each in ms after its time, beside a bare object's
// `setTimeout` and alarm, in one workerd process. A clock in a Worker stands still while it computes, so what is
// measured is when a handler began and, for runs, when the record of it was made. Not measured: Cloudflare's own alarms,
// which are kept by another service, and objects that have to be loaded first.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EventReceipt, EventStory } from "../src/protocol/cloud-event.ts";
import type { RunDetail } from "../src/protocol/run.ts";
import { percentile, row, short } from "./engine/figures.ts";
import { Client, startServers } from "./service/servers.ts";

const bareWorker = `
  import { DurableObject } from "cloudflare:workers";
  export class Bare extends DurableObject {
    #late = Promise.withResolvers();
    async alarmAfter(ms) {
      this.due = Date.now() + ms;
      await this.ctx.storage.setAlarm(this.due);
      return await this.#late.promise;
    }
    async timeoutAfter(ms) {
      const due = Date.now() + ms;
      await scheduler.wait(ms);
      return Date.now() - due;
    }
    alarm() {
      this.#late.resolve(Date.now() - this.due);
      this.#late = Promise.withResolvers();
    }
  }
  export default {
    async fetch(request, env) {
      const { name, kind, ms } = await request.json();
      return Response.json(await env.BARE.get(env.BARE.idFromName(name))[kind](ms));
    },
  };`;

const workflow = `
def sleep(w, ev):
    w.sleep(milliseconds = ev["data"]["ms"])

def wait(w, ev):
    w.wait_for_event(type = "test.never", timeout = str(ev["data"]["ms"]) + "ms")

def tick(w, ev):
    pass

on_event(type = "test.sleep", handler = sleep)
on_event(type = "test.wait", handler = wait)
on_schedule(every = "1s", handler = tick, overlap = "allow")
`;

const { values: options } = parseArgs({
  options: { samples: { type: "string", default: "100" }, together: { type: "string", default: "20" } },
});
const samples = Number(options.samples);
const together = Number(options.together);
const stateFolder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const miniflare = await startServers(stateFolder, bareWorker);
const sluice = new Client(await miniflare.unsafeGetDirectURL("sluice"));
const bare = new Client(await miniflare.unsafeGetDirectURL("bare"));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Long enough for all that fire together to have been started, short enough to be warm; spread over two seconds. */
const delay = (n: number) => 2000 + ((n * 137) % 2000);

/** `count` calls, some of them at a time. */
async function measure(count: number, call: (n: number) => Promise<number>): Promise<number[]> {
  const late: number[] = [];
  for (let n = 0; n < count; n += together) {
    const batch = Array.from({ length: Math.min(together, count - n) }, (_, k) => call(n + k));
    late.push(...(await Promise.all(batch)));
  }
  return late;
}

async function bareLateness(kind: string, n: number): Promise<number> {
  const { value } = await bare.expect<number>(200, "POST", "/", { name: `${kind} ${n}`, kind, ms: delay(n) });
  return value;
}

/** Lateness of the one timer of a run that an event of `type` starts. */
async function runLateness(type: string, n: number): Promise<number> {
  const event = { specversion: "1.0", id: `${type}-${n}`, source: "/bench", type, data: { ms: delay(n) } };
  const { value } = await sluice.expect<{ events: EventReceipt[] }>(202, "POST", "/v1/events", event);
  const run = value.events[0]?.started[0]?.run;
  await pause(5000);
  for (;;) {
    const { value: detail } = await sluice.expect<RunDetail>(200, "GET", `/v1/runs/${run}`);
    const [activity] = detail.activities;
    if (activity?.finishedAt !== undefined) return activity.finishedAt - activity.scheduledAt - delay(n);
    await pause(100);
  }
}

/** Lateness of the firings of a schedule. */
async function scheduleLateness(count: number): Promise<number[]> {
  await pause((count + 1) * 1000);
  const { value } = await sluice.expect<{ events: EventStory[] }>(
    200,
    "GET",
    `/v1/events?type=dev.sluice.schedule.fired&limit=${Math.min(count, 200)}`,
  );
  return value.events.map(({ event }) => {
    const { fired_at, scheduled_at } = event.data as { fired_at: string; scheduled_at: string };
    return Date.parse(fired_at) - Date.parse(scheduled_at);
  });
}

try {
  await sluice.expect(200, "PUT", "/v1/workflows/bench", {
    entry: "bench.star",
    files: { "bench.star": workflow },
  });
  console.log(`${samples} timers of each kind, ${together} at a time; ms after the time`);
  console.log(row("", ["p50", "p90", "p99", "max"]));
  const show = (label: string, late: readonly number[]) =>
    console.log(
      row(
        label,
        [0.5, 0.9, 0.99, 1].map((share) => short(percentile(late, share))),
      ),
    );
  show("bare object, setTimeout", await measure(samples, (n) => bareLateness("timeoutAfter", n)));
  show("bare object, alarm", await measure(samples, (n) => bareLateness("alarmAfter", n)));
  show("run, sleep", await measure(samples, (n) => runLateness("test.sleep", n)));
  show("run, timeout of a wait", await measure(samples, (n) => runLateness("test.wait", n)));
  show("schedule, every second", await scheduleLateness(Math.min(20, samples)));
} finally {
  sluice.close();
  bare.close();
  await miniflare.dispose();
  rmSync(stateFolder, { recursive: true, force: true });
}
