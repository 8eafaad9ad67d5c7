// Kills everything at random moments while events queue for places, permits and batches, and a schedule goes on: each
// acknowledged event stands behind one run, no group has two at once, and the schedule misses no time and repeats none.
// A few kills here; `KILLS=200` for the long run. SEED repeats a sequence of moments.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { RunDetail, RunSummary } from "../../src/protocol/run.ts";
import type { ScheduleView } from "../../src/protocol/schedule.ts";
import { eventually, LocalSluice } from "../end-to-end/local-sluice.ts";
import { insist, journalOf, KILLS, PATIENCE_MS, pause, SEED, seededRandom } from "./killing.ts";

const EVERY_MS = 2000;
const WORKFLOW = `
def work(w, ev):
    w.sleep(minutes = 5)
    return [ev["id"]]

def gathered(w, ev):
    w.sleep(minutes = 5)
    return [one["id"] for one in ev]

def tick(w, ev):
    w.sleep(minutes = 5)
    return [ev["data"]["scheduled_at"]]

on_event(type = "kill.queued", handler = work, name = "queued", concurrency = concurrency(key = "event.data.group"))
on_event(type = "kill.limited", handler = work, name = "limited", rate_limit = rate_limit(2, per = "1s"))
on_event(type = "kill.gathered", handler = gathered, name = "gathered", batch = batch(max = 3, within = "2s"))
on_schedule(every = "${EVERY_MS / 1000}s", handler = tick, name = "tick", overlap = "allow", backfill = "all")
`;

const workflows = mkdtempSync(join(tmpdir(), "sluice-pace-"));
writeFileSync(join(workflows, "pace.star"), WORKFLOW);
// Five minutes of sleep pass in a third of a second.
const sluice = new LocalSluice({ timeScale: 900, arguments: [`--workflows=${workflows}`, "--no-runner"] });
afterAll(async () => {
  await sluice.stop();
  rmSync(workflows, { recursive: true, force: true });
});

async function runs(): Promise<RunSummary[]> {
  const all: RunSummary[] = [];
  for (let cursor: string | undefined; ; ) {
    const page: { runs: RunSummary[]; next?: string } = await sluice.admin.get("/v1/runs", {
      query: { workflow: "pace", limit: 100, ...(cursor === undefined ? {} : { cursor }) },
    });
    all.push(...page.runs);
    cursor = page.next;
    if (cursor === undefined) return all;
  }
}

const trigger = (name: string) => (run: RunSummary) => run.trigger === `pace/${name}`;

test(
  `${KILLS} kills at random moments change nobody's turn (seed ${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    const posted: { id: string; type: string; group: string }[] = [];
    await sluice.start();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const events = [
        "queued",
        "queued",
        "queued",
        "limited",
        "limited",
        "limited",
        "gathered",
        "gathered",
      ].map((kind, n) => ({ id: `${kill}-${n}`, type: `kill.${kind}`, group: n % 2 === 0 ? "even" : "odd" }));
      posted.push(...events);
      const posting = events.map(({ id, type, group }) => insist(sluice, { id, type, data: { group } }));
      await pause(random() * 2500);
      await sluice.kill();
      await sluice.start();
      // Those whose acknowledgement the kill cut off are posted again by themselves.
      await Promise.all(posting);
    }
    await pause(random() * 2 * EVERY_MS);
    const { last } = await eventually("the schedule's pause", () =>
      sluice.admin.post<ScheduleView>("/v1/schedules/pace/tick/pause", { body: { reason: "enough" } }),
    );

    /** What each run stood for. */
    const outputs = new Map<string, string[]>();
    const ended = await eventually(
      "a run for every event, and for every time of the schedule",
      async () => {
        const all = await runs();
        if (all.some(({ state }) => state === "running" || state === "waiting")) return undefined;
        if (all.some(({ state }) => state !== "succeeded")) return all;
        for (const { id } of all) {
          if (outputs.has(id)) continue;
          const { output } = await sluice.admin.get<RunDetail>(`/v1/runs/${id}`);
          outputs.set(id, output as string[]);
        }
        const done = new Set([...outputs.values()].flat());
        const ticks = [...done].filter((one) => one.includes("T")).map((one) => Date.parse(one));
        const isOver = (last?.time ?? 0) - Math.min(...ticks) === (ticks.length - 1) * EVERY_MS;
        return isOver && posted.every(({ id }) => done.has(id)) ? all : undefined;
      },
      PATIENCE_MS,
    );
    expect(ended.filter(({ state }) => state !== "succeeded")).toEqual([]);
    const outputsOf = (name: string) =>
      ended.filter(trigger(name)).flatMap((run) => outputs.get(run.id) ?? []);

    for (const kind of ["queued", "limited", "gathered"]) {
      const sent = posted.filter(({ type }) => type === `kill.${kind}`).map(({ id }) => id);
      expect(outputsOf(kind).sort(), `${kind}, seed ${SEED}`).toEqual(sent.sort());
    }

    for (const group of ["even", "odd"]) {
      const spans: { from: number; to: number }[] = [];
      for (const run of ended.filter(trigger("queued"))) {
        if (!posted.some(({ id, group: its }) => id === run.event.id && its === group)) continue;
        const records = await journalOf(sluice, run.id);
        const noted = (note: string) =>
          records.find((record) => record.type === "noted" && record.note === note)?.at ?? Number.NaN;
        spans.push({ from: noted("started"), to: noted("finished") });
      }
      spans.sort((a, b) => a.from - b.from);
      for (const [index, { from }] of spans.entries()) {
        expect(from, `${group}, seed ${SEED}`).toBeGreaterThanOrEqual(spans[index - 1]?.to ?? 0);
      }
    }

    const times = outputsOf("tick")
      .map((text) => Date.parse(text))
      .sort((a, b) => a - b);
    const first = times[0] ?? Number.NaN;
    expect(times, `the schedule, seed ${SEED}`).toEqual(times.map((_, index) => first + index * EVERY_MS));
    expect(times.at(-1)).toBe(last?.time);
    expect(times.length).toBeGreaterThan(KILLS);
  },
  PATIENCE_MS,
);
