// Runs with more in them than one answer holds.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Activity } from "../../src/protocol/run.ts";
import { call } from "../http/call.ts";
import { event, operator, script, startRun, type TestRun, unwrap } from "./run-fixture.ts";

/** All pages of a view, and how many there were. */
async function pagesOf(run: TestRun, view: string, items: string, limit: number) {
  const found: unknown[] = [];
  let pages = 0;
  for (let after: number | undefined = 0; after !== undefined; pages += 1) {
    const { status, body } = await call("GET", `/v1/runs/${run.id}/${view}?after=${after}&limit=${limit}`);
    expect(status).toBe(200);
    found.push(...body[items]);
    after = body.next;
  }
  return { found, pages };
}

describe("a long run", () => {
  const steps = "for i in range(450):\n    w.set_output(str(i % 90), i)\nreturn w.info().commands";

  test("is read in pages: every activity once, in the order they were called", async () => {
    const run = await startRun(script(steps));
    const { activities, earlierActivities } = await run.detail();
    expect(earlierActivities).toBeUndefined();
    const { found, pages } = await pagesOf(run, "activities", "activities", 100);
    expect(pages).toBe(5);
    expect(found).toEqual(JSON.parse(JSON.stringify(activities)));
  });

  test("with megabytes in its commands gives as much of it as an answer holds, and the rest in pages", async () => {
    const large = "x".repeat(700_000);
    const run = await startRun(
      script(
        'for i in range(30):\n    w.attempt(lambda: w.run("builtin://log", inputs = {"no": ev["data"]["large"]}))\nreturn 1',
      ),
      { event: event({ data: { large } }) },
    );
    const { activities, earlierActivities = 0 } = await run.until("succeeded", "failed");
    expect(earlierActivities).toBeGreaterThan(0);
    expect(earlierActivities + activities.length).toBe(30);
    const all = await pagesOf(run, "activities", "activities", 1000);
    expect(all.pages).toBeGreaterThan(1);
    const commands = all.found.map((activity) => (activity as Activity).command);
    expect(commands).toEqual(Array.from({ length: 30 }, (_, n) => `0#${n + 1}`));
    expect(activities.map(({ command }) => command)).toEqual(commands.slice(earlierActivities));
    const journal = await pagesOf(run, "journal", "records", 1000);
    expect(journal.pages).toBeGreaterThan(1);
    expect(journal.found.map((record) => (record as { seq: number }).seq)).toEqual(
      journal.found.map((_, index) => index + 1),
    );
  });
});

test("a run goes on from rows that earlier versions have stored, and its journal reads as before", async () => {
  const run = await startRun(
    script('ids = [w.uuid() for _ in range(700)]\nw.wait_for_signal("go")\nreturn [ids[0], w.uuid()]'),
  );
  const before = await run.journal();
  await runInDurableObject(run.stub, (_, { storage: { sql } }) => {
    sql.exec("DELETE FROM journal");
    for (const records of [before.slice(0, 3), before.slice(3, 900), before.slice(900)]) {
      sql.exec("INSERT INTO journal (seq, record) VALUES (?, ?)", records[0]?.seq, JSON.stringify(records));
    }
  });
  await evictDurableObject(run.stub);
  const { found, pages } = await pagesOf(run, "journal", "records", 500);
  expect(pages).toBe(3);
  expect(found).toEqual(JSON.parse(JSON.stringify(before)));
  unwrap(await run.rpc.signal({ id: "s1", name: "go", data: null, by: operator }));
  const { output } = await run.until("succeeded");
  const after = await run.journal();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.map(({ seq }) => seq)).toEqual(after.map((_, index) => index + 1));
  const outcomes = after.flatMap((record) => (record.type === "completed" ? [record.outcome] : []));
  expect(outcomes.at(0)).toEqual({ ok: (output as string[])[0] });
  expect(outcomes.at(-1)).toEqual({ ok: (output as string[])[1] });
});
