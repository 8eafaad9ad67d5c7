// What becomes of a run after its end: archived, given up, brought back, imported.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import { askOtherRun } from "../../durable-objects/workflow-run/other-runs.ts";
import { WorkflowRun } from "../../durable-objects/workflow-run.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { RunDetail } from "../../src/protocol/run.ts";
import { archivedText } from "../http/archived-text.ts";
import { call } from "../http/call.ts";
import { bind, dailyLook } from "./object-fixture.ts";
import { event, newRunId, operator, script, startedBy, startOf, startRun, TestRun } from "./run-fixture.ts";

const DAY_MS = 24 * 3600_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Asked by the directory whether it may go, as if so many days had passed. */
async function askedAfter(run: TestRun, days: number): Promise<void> {
  vi.setSystemTime(Date.now() + days * DAY_MS);
  await run.rpc.retire();
  await runDurableObjectAlarm(run.stub);
}

/** The alarm, as if so many days had passed. */
async function alarmAfter(run: TestRun, days: number): Promise<void> {
  vi.setSystemTime(Date.now() + days * DAY_MS);
  await runDurableObjectAlarm(run.stub);
}

/** A run that is over, and that everybody has been told of. */
async function finishedRun(body: string, overrides: Parameters<typeof startRun>[1] = {}): Promise<TestRun> {
  const run = await startRun(script(body), overrides);
  await toldRun(run);
  return run;
}

async function toldRun(run: TestRun): Promise<RunDetail> {
  const detail = await run.until("succeeded", "failed", "cancelled");
  await vi.waitFor(
    async () => {
      const known = await directoryStub(env, DEFAULT_WORKSPACE).run(run.id);
      expect(known?.finishedAt).toBeDefined();
    },
    { timeout: 8000 },
  );
  return detail;
}

/** What the object still has: its tables and its alarm. */
function leftovers(run: TestRun): Promise<{ tables: number; alarm: number | null }> {
  return runInDurableObject(run.stub, async (_instance, { storage }) => ({
    tables: storage.sql
      .exec(
        "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
      )
      .toArray().length,
    alarm: await storage.getAlarm(),
  }));
}

const gone = { tables: 0, alarm: null };
const { ARCHIVE: bucket } = env as Env & { ARCHIVE: R2Bucket };
const files = (run: TestRun) => `${DEFAULT_WORKSPACE}/runs/${run.id}`;
const historyOf = (run: TestRun) => archivedText(bucket, `${files(run)}/history.ndjson`);

/** What `sluice run export` prints. */
async function exported(id: string): Promise<string> {
  const { body: head } = await call("GET", `/v1/runs/${id}/history`);
  const { body: page } = await call("GET", `/v1/runs/${id}/journal?limit=1000`);
  return [head, ...page.records].map((line) => `${JSON.stringify(line)}\n`).join("");
}

describe("a run that is over", () => {
  test("is archived as it would be exported, and nothing of it is left in its object", async () => {
    const run = await finishedRun('print("hello")\nw.log("bye")\nreturn w.now() != None');
    const before = await exported(run.id);
    await askedAfter(run, 29);
    expect(await historyOf(run)).toBeUndefined();
    await alarmAfter(run, 2);
    expect(await historyOf(run)).toBe(before);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("comes back also from an archive that is not packed, as they were once", async () => {
    const run = await finishedRun('print("hello")\nreturn [w.uuid()]');
    const before = await exported(run.id);
    await askedAfter(run, 31);
    for (const file of ["history", "log"]) {
      const key = `${files(run)}/${file}.ndjson`;
      const { httpMetadata, customMetadata = {} } = (await bucket.head(key)) ?? {};
      expect(httpMetadata).toMatchObject({ contentEncoding: "gzip", contentType: "application/x-ndjson" });
      await bucket.put(key, (await archivedText(bucket, key)) ?? "", { customMetadata });
    }
    expect(await exported(run.id)).toBe(before);
    expect((await call("GET", `/v1/runs/${run.id}/log`)).body.lines).toMatchObject([{ text: "hello" }]);
  });

  test("comes back when somebody asks for it, the same in every view, and goes again a day later", async () => {
    const run = await finishedRun('print("hello")\nreturn [w.uuid()]');
    const views = async () =>
      await Promise.all(
        ["", "/journal", "/log", "/source", "/history"].map(
          async (view) => (await call("GET", `/v1/runs/${run.id}${view}`)).body,
        ),
      );
    const before = await views();
    const [detail, ...others] = before;
    // Only that it was brought back is new.
    const broughtBack = [{ ...detail, restoredAt: expect.any(Number) }, ...others];
    await askedAfter(run, 31);
    expect(await leftovers(run)).toEqual(gone);
    expect(await views()).toEqual(broughtBack);
    await evictDurableObject(run.stub);
    expect(await views()).toEqual(broughtBack);
    await alarmAfter(run, 1.1);
    expect(await leftovers(run)).toEqual(gone);
    expect(await views()).toEqual(broughtBack);
  });

  const directory = () => env.DIRECTORY.get(env.DIRECTORY.idFromName(`${DEFAULT_WORKSPACE}/directory`));

  async function daysPass(days: number): Promise<void> {
    vi.setSystemTime(Date.now() + days * DAY_MS);
    await dailyLook(directory());
  }

  test("sets no alarm until the directory asks, once it has been kept for long enough", async () => {
    const run = await finishedRun("return 1");
    const retire = vi.spyOn(WorkflowRun.prototype, "retire");
    await evictDurableObject(run.stub);
    expect(await run.state()).toBe("succeeded");
    await daysPass(29);
    expect(retire).not.toHaveBeenCalled();
    expect((await leftovers(run)).alarm).toBeNull();
    await daysPass(2);
    await vi.waitFor(async () => expect((await leftovers(run)).alarm).not.toBeNull(), {
      timeout: 8000,
    });
    await runDurableObjectAlarm(run.stub);
    expect(await leftovers(run)).toEqual(gone);
    expect(await historyOf(run)).toBeDefined();
  });

  test("is asked when the directory forgets it, however long it is to be kept", async () => {
    const run = await finishedRun("return 1");
    await bind(directory(), { SLUICE_ARCHIVE_AFTER_DAYS: "1000" });
    await runInDurableObject(directory(), (_, { storage }) => {
      storage.sql.exec("UPDATE runs SET finished_at = 1000 WHERE id = ?", run.id);
    });
    await bind(run.stub, { SLUICE_ARCHIVE_AFTER_DAYS: "1000" });
    await daysPass(0);
    await evictDurableObject(directory());
    await vi.waitFor(async () => expect((await leftovers(run)).alarm).not.toBeNull(), {
      timeout: 8000,
    });
    await alarmAfter(run, 900);
    expect(await leftovers(run)).not.toEqual(gone);
    await alarmAfter(run, 101);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("is refused what a run that is over refuses, also when it had to be brought back", async () => {
    const run = await finishedRun("return 1");
    await askedAfter(run, 31);
    const cancelled = await call("POST", `/v1/runs/${run.id}/cancel`, { body: {} });
    expect(cancelled).toMatchObject({ status: 409, body: { code: "run_finished" } });
  });

  test("is kept while the archive cannot be written, and archived when it can", async () => {
    const run = await finishedRun("return 1");
    const full = { get: async () => null, put: () => Promise.reject(new Error("no space")) };
    await bind(run.stub, { ARCHIVE: full as unknown as R2Bucket });
    await askedAfter(run, 31);
    expect(await run.state()).toBe("succeeded");
    await evictDurableObject(run.stub);
    await alarmAfter(run, 1.1);
    expect(await historyOf(run)).toBeDefined();
    expect(await leftovers(run)).toEqual(gone);
  });

  test.each([
    ["0", 1000],
    ["soon", 1000],
    ["1.5", 1000],
  ])("is kept while the retention is %j, which is no number of days", async (days, after) => {
    const run = await finishedRun("return 1");
    await bind(run.stub, { SLUICE_ARCHIVE_AFTER_DAYS: days });
    await askedAfter(run, after);
    expect((await leftovers(run)).alarm).toBeGreaterThan(Date.now());
    expect(await run.state()).toBe("succeeded");
  });

  test("is archived after as many days as the variable says", async () => {
    const run = await finishedRun("return 1");
    await bind(run.stub, { SLUICE_ARCHIVE_AFTER_DAYS: "90" });
    await askedAfter(run, 89);
    expect(await run.state()).toBe("succeeded");
    await alarmAfter(run, 2);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("is given up after 400 days where there is no archive, and the API says so", async () => {
    const run = await finishedRun("return 1");
    await runInDurableObject(run.stub, (instance) => {
      const { ARCHIVE: _, ...others } = (instance as unknown as { env: Env }).env;
      Object.assign(instance, { env: others });
    });
    await askedAfter(run, 399);
    expect(await run.state()).toBe("succeeded");
    await alarmAfter(run, 2);
    expect(await leftovers(run)).toEqual(gone);
    expect(await historyOf(run)).toBeUndefined();
    expect(await call("GET", `/v1/runs/${run.id}`)).toMatchObject({
      status: 410,
      body: { code: "run_expired", detail: expect.stringContaining("succeeded") },
    });
  });

  test("and goes on as another is kept while its parent has children: it hands on what the parent says", async () => {
    const parent = newRunId();
    const first = await startRun(
      script('if ev["data"] == {}:\n    w.continue_as_new({"again": True})\nw.sleep(days = 1000)'),
      startedBy(parent),
    );
    const { continuedAs } = await toldRun(first);
    const second = new TestRun(continuedAs as RunId);
    await vi.waitFor(async () => {
      const { runs } = (await call("GET", `/v1/runs?parent=${parent}&state=waiting`)).body;
      expect(runs).toHaveLength(1);
    });
    await askedAfter(first, 31);
    await first.rpc.closeByParent({ parent, terminate: true });
    await second.until("cancelled");
    await toldRun(second);
    await alarmAfter(first, 1.1);
    expect(await leftovers(first)).toEqual(gone);
  });

  test("and gone says so to whoever waits for its place, and which run goes on in it", async () => {
    const first = await finishedRun(
      'if ev["data"] == {}:\n    w.continue_as_new({"again": True})\nreturn 1',
      {
        event: event({ type: "com.example.again", data: {} }),
      },
    );
    const of = { id: first.id, workspace: DEFAULT_WORKSPACE };
    const before = await first.rpc.standing(of);
    // The bus and the run that goes on are told last: until they are, it stays.
    await vi.waitFor(
      async () => {
        await askedAfter(first, 31);
        expect(await leftovers(first)).toEqual(gone);
      },
      { timeout: 8000 },
    );
    expect(before).toEqual({ state: "over", successor: expect.stringMatching(/^run_/) });
    expect(await first.rpc.standing(of)).toEqual(before);
    const other = newRunId();
    const unbegun = new TestRun(other);
    expect(await unbegun.rpc.standing({ ...of, id: other })).toEqual({ state: "unknown" });
  });

  test("and goes on as another stays in the archive when a run asks for that one, and comes back for people", async () => {
    const first = await finishedRun(
      'if ev["data"] == {}:\n    w.continue_as_new({"again": True})\nw.wait_for_signal("go")',
    );
    const second = new TestRun((await first.detail()).continuedAs as RunId);
    await second.until("waiting");
    await askedAfter(first, 31);
    const request = { run: first.id, by: newRunId(), type: "signal", id: "1", name: "go", data: 1 } as const;
    expect(await askOtherRun(env, DEFAULT_WORKSPACE, request)).toEqual({ ok: true, value: second.id });
    expect(await leftovers(first)).toEqual(gone);
    await second.until("succeeded");
    expect((await call("GET", `/v1/runs/${first.id}`)).body).toMatchObject({ state: "succeeded" });
  });

  test("and nobody goes on for is brought back for a run that asks it, and refuses as it did", async () => {
    const run = await finishedRun("return 1");
    await askedAfter(run, 31);
    const request = { run: run.id, by: newRunId(), type: "cancel", reason: "" } as const;
    expect(await askOtherRun(env, DEFAULT_WORKSPACE, request)).toMatchObject({
      error: { code: "run_finished" },
    });
  });

  test("whose archiving was cut off after the first file is archived whole at the next look", async () => {
    const run = await finishedRun('print("hello")\nreturn 1');
    await bucket.put(`${files(run)}/log.ndjson`, "half");
    await askedAfter(run, 31);
    expect(await historyOf(run)).toBeDefined();
    expect((await call("GET", `/v1/runs/${run.id}/log`)).body.lines).toHaveLength(1);
  });

  test("is kept while somebody has yet to be told something", async () => {
    const run = await finishedRun("return 1");
    await runInDurableObject(run.stub, (_instance, { storage }) => {
      storage.sql.exec(
        "INSERT INTO outbox (receiver, method, args, due_at, parked) VALUES ('bus/', 'forgetRun', '[]', 0, 1)",
      );
    });
    await askedAfter(run, 31);
    expect((await leftovers(run)).tables).toBeGreaterThan(0);
    await runInDurableObject(run.stub, (_instance, { storage }) => {
      storage.sql.exec("DELETE FROM outbox");
    });
    await alarmAfter(run, 1.1);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("does not begin again when its start is repeated after it was given up", async () => {
    const start = startOf(script('print("once")'), { askedAt: Date.now() });
    const run = new TestRun(start.id);
    await run.rpc.start(start);
    await toldRun(run);
    await askedAfter(run, 31);
    await run.rpc.start(start);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("is not overwritten in the archive by another run of its id, which stays in its object", async () => {
    const start = startOf(script('print("first")'));
    const first = new TestRun(start.id);
    await first.rpc.start(start);
    await toldRun(first);
    await askedAfter(first, 31);
    const archived = await historyOf(first);
    expect(archived).toBeDefined();

    const again = new TestRun(start.id);
    await again.rpc.start({
      ...start,
      event: event({ id: start.event.id, time: "2026-11-22T00:00:00Z" }),
      eventSeq: 9,
    });
    await again.until("succeeded");
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    await askedAfter(again, 31);
    expect(await historyOf(first)).toBe(archived);
    expect((await leftovers(again)).tables).toBeGreaterThan(0);
    expect((await again.detail()).id).toBe(start.id);
    expect(said).toHaveBeenCalledWith(expect.objectContaining({ run: start.id }));
  });

  test("that is still going on is not touched, however long it lasts", async () => {
    const run = await startRun(script("w.sleep(days = 1000)"));
    await run.until("waiting");
    await askedAfter(run, 900);
    expect(await run.state()).toBe("waiting");
  });
});

describe("a history", () => {
  async function exportedElsewhere(): Promise<{ id: string; text: string }> {
    const run = await finishedRun("w.uuid()\nreturn 7", { event: event({ data: { a: 1 } }) });
    const id = newRunId();
    return { id, text: (await exported(run.id)).replaceAll(run.id, id) };
  }
  const post = (text: string, type = "application/x-ndjson") =>
    call("POST", "/v1/runs/import", { rawBody: text, headers: { "content-type": type } });

  test("is imported once, shown and listed as imported, and audited", async () => {
    const { id, text } = await exportedElsewhere();
    expect(await post(text)).toMatchObject({ status: 201, body: { id, state: "succeeded" } });
    expect((await call("GET", `/v1/runs/${id}`)).body).toMatchObject({
      output: 7,
      imported: { by: "admin" },
      activities: [{ kind: "uuid" }],
    });
    expect(await post(text)).toMatchObject({ status: 409, body: { code: "run_exists" } });
    await vi.waitFor(async () => {
      const { entries } = (await call("GET", "/v1/audit")).body;
      expect(entries).toContainEqual(expect.objectContaining({ action: "run.import", subject: id }));
      expect((await call("GET", "/v1/runs")).body.runs).toContainEqual(
        expect.objectContaining({ id, imported: expect.anything() }),
      );
    });
  });

  test("that is imported looks by itself when it may go: the directory may have asked it once before", async () => {
    const { id, text } = await exportedElsewhere();
    await post(text);
    const run = new TestRun(id as RunId);
    expect((await leftovers(run)).alarm).not.toBeNull();
    await alarmAfter(run, 2);
    expect(await leftovers(run)).not.toEqual(gone);
    await alarmAfter(run, 31);
    expect(await leftovers(run)).toEqual(gone);
  });

  test("that was imported cannot be forked: its decisions were made elsewhere", async () => {
    const { id, text } = await exportedElsewhere();
    await post(text);
    const forked = await call("POST", `/v1/runs/${id}/forks`, { body: { command: "0#1", reason: "x" } });
    expect(forked).toMatchObject({ status: 409, body: { code: "run_imported" } });
  });

  const changes: [string, (lines: string[]) => string[]][] = [
    ["of a run that was not over", (lines) => lines.slice(0, -1)],
    ["with a gap", (lines) => lines.toSpliced(2, 1)],
    ["without a head", (lines) => lines.slice(1)],
    [
      "with a record of an unknown kind",
      (lines) => lines.with(2, (lines[2] ?? "").replace('"uuid"', '"teleport"')),
    ],
    ["with another program", (lines) => lines.with(0, (lines[0] ?? "").replace("return 7", "return 8"))],
    [
      "with an outcome of a command that was never made",
      (lines) => lines.with(3, (lines[3] ?? "").replace("0#1", "0#9")),
    ],
    ["that is no JSON", () => ["hello"]],
    ["that is empty", () => [""]],
  ];
  test.each(changes)("%s is refused, and nothing of it is kept", async (_, change) => {
    const { id, text } = await exportedElsewhere();
    expect(await post(change(text.trimEnd().split("\n")).join("\n"))).toMatchObject({
      status: 422,
      body: { code: "invalid_history" },
    });
    expect((await call("GET", `/v1/runs/${id}`)).status).toBe(404);
  });

  test("comes as what it is, from an administrator", async () => {
    const { text } = await exportedElsewhere();
    expect((await post(text, "text/plain")).status).toBe(415);
    const { body } = await call("POST", "/v1/tokens", {
      body: { subject: operator.subject, role: "operator" },
    });
    const refused = await call("POST", "/v1/runs/import", {
      rawBody: text,
      headers: { "content-type": "application/x-ndjson" },
      token: body.token,
    });
    expect(refused.status).toBe(403);
  });
});
