// How the command line follows a run, and those that go on in its place.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProblemError } from "../../cli/errors.ts";
import { watchRun } from "../../cli/watch-run.ts";
import type { RunDetail } from "../../src/protocol/run.ts";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

function run(id: string, partial: Partial<RunDetail> = {}): RunDetail {
  return {
    id,
    workflow: "reconcile",
    digest: "d",
    trigger: "reconcile/start",
    initiator: "olga",
    event: { id: "1", source: "/me", type: "dev.sluice.workflow.start" },
    state: "running",
    waitingFor: "",
    environments: [],
    createdAt: 0,
    updatedAt: 0,
    commands: 1,
    version: 1,
    activities: [],
    ...partial,
  };
}

const problem = (code: string, status: number, detail = code) => ({
  status,
  body: { type: `/docs/errors.md#${code}`, title: code, status, detail, code },
});
const found = (detail: RunDetail) => ({ status: 200, body: detail });
const watch = (url: string, ...args: string[]) => toldBy(["run", ...args, "--url", url, "--token", "t"]);

describe("sluice run watch", () => {
  test.each([
    ["succeeded", "succeeded", 0],
    ["cancelled", "succeeded", 0],
    ["succeeded", "failed", 1],
  ] as const)(
    "follows a run that %s to the one it goes on as, and ends as that one does: %s",
    async (first, last, code) => {
      const { url, asked } = await serverWith([
        found(run("run_1")),
        found(run("run_1", { state: first, continuedAs: "run_2" })),
        found(run("run_2", { state: "succeeded", continuedAs: "run_3" })),
        found(run("run_3", { state: last })),
      ]);
      const { stdout, stderr, exitCode } = await watch(url, "watch", "run_1");
      expect(stderr).toBe("");
      expect(stdout.split("\n")).toEqual([
        "reconcile running",
        `reconcile ${first}`,
        "reconcile goes on as run_2",
        "reconcile succeeded",
        "reconcile goes on as run_3",
        `reconcile ${last}`,
        "",
      ]);
      expect(asked.map(({ path }) => path)).toEqual(
        ["run_1", "run_1", "run_2", "run_3"].map((id) => `/v1/runs/${id}`),
      );
      expect(exitCode).toBe(code);
    },
  );

  test("answers with the last run alone as JSON", async () => {
    const { url } = await serverWith([
      found(run("run_1", { state: "succeeded", continuedAs: "run_2" })),
      found(run("run_2", { state: "succeeded", continues: { run: "run_1", how: "continued" } })),
      found(run("run_2", { state: "succeeded", continues: { run: "run_1", how: "continued" } })),
    ]);
    const { stdout, exitCode } = await watch(url, "watch", "run_1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ id: "run_2", continues: { run: "run_1" } });
    expect(exitCode).toBe(0);
  });

  test("waits for the run that one goes on as to begin", async () => {
    const { url } = await serverWith([
      found(run("run_1", { state: "succeeded", continuedAs: "run_2" })),
      problem("unknown_run", 404),
      found(run("run_2", { state: "succeeded" })),
    ]);
    expect((await watch(url, "watch", "run_1")).exitCode).toBe(0);
  });

  test("fails at once for a run that nobody knows", async () => {
    const { url, asked } = await serverWith([problem("unknown_run", 404, "no run has this id")]);
    const { stderr, exitCode } = await watch(url, "watch", "run_1");
    expect(stderr).toContain("no run has this id");
    expect([exitCode, asked.length]).toEqual([1, 1]);
  });
});

describe("sluice run watch of a run that was just asked for", () => {
  const queued = { run: "run_1", state: "queued", reason: "waits for a place in live", behind: ["run_0"] };
  const standing = (state: string, reason = "") => ({ status: 200, body: { ...queued, state, reason } });
  const notStarted = problem("run_not_started", 409, "the run is about to start");

  test("waits until it has begun", async () => {
    const { url, asked } = await serverWith([
      notStarted,
      problem("unknown_start", 404),
      notStarted,
      found(run("run_1", { state: "succeeded" })),
    ]);
    const { stdout, stderr, exitCode } = await watch(url, "watch", "run_1");
    expect([stdout, stderr, exitCode]).toEqual(["reconcile succeeded\n", "", 0]);
    expect(asked.map(({ path }) => path)).toEqual([
      "/v1/runs/run_1",
      "/v1/queue/run_1",
      "/v1/runs/run_1",
      "/v1/runs/run_1",
    ]);
  });

  test("says what its start waits for, and waits with it", async () => {
    const { url } = await serverWith([
      notStarted,
      standing("queued", "waits for a place in live"),
      standing("queued", "waits for a place in live"),
      standing("started"),
      notStarted,
      found(run("run_1", { state: "succeeded" })),
    ]);
    const { stdout, exitCode } = await watch(url, "watch", "run_1");
    expect(stdout.split("\n")).toEqual([
      "run_1 queued: waits for a place in live (behind run_0)",
      "reconcile succeeded",
      "",
    ]);
    expect(exitCode).toBe(0);
  });

  test("fails where its start is taken back meanwhile", async () => {
    const { url } = await serverWith([
      notStarted,
      standing("queued", "waits for a place in live"),
      standing("cancelled", "cancelled by olga"),
    ]);
    const { stderr, exitCode } = await watch(url, "watch", "run_1");
    expect(stderr).toContain("run_1 never begins, it was cancelled: cancelled by olga");
    expect(exitCode).toBe(1);
  });

  test("fails where it cannot be told what the start waits for", async () => {
    const { url } = await serverWith([notStarted, problem("forbidden", 403, "this token may not")]);
    const { stderr, exitCode } = await watch(url, "watch", "run_1");
    expect(stderr).toContain("this token may not");
    expect(exitCode).toBe(1);
  });
});

test("sluice run start --watch waits for the run to begin, and follows it", async () => {
  const { url } = await serverWith([
    { status: 202, body: { run: "run_1", repeated: false } },
    problem("run_not_started", 409),
    problem("unknown_start", 404),
    found(run("run_1", { state: "succeeded", continuedAs: "run_2" })),
    found(run("run_2", { state: "failed" })),
  ]);
  expect((await watch(url, "start", "reconcile", "--watch")).exitCode).toBe(1);
});

describe("sluice run start of one that has to wait", () => {
  const queued = { run: "run_1", state: "queued", reason: "waits for a place in live", behind: ["run_0"] };
  const started = { status: 202, body: { run: "run_1", repeated: false, waiting: queued } };
  const standing = (state: string, reason: string) => ({
    status: 200,
    body: { ...queued, state, reason },
  });

  test("says for what", async () => {
    const { url } = await serverWith([started]);
    const { stdout, exitCode } = await watch(url, "start", "reconcile");
    expect(stdout).toContain("run_1 queued: waits for a place in live (behind run_0)");
    expect(exitCode).toBe(0);
  });

  test("with --watch goes on when it has its place, and fails where it gets none", async () => {
    const begun = await serverWith([
      started,
      standing("queued", "waits for a place in live"),
      standing("started", ""),
      found(run("run_1", { state: "succeeded" })),
    ]);
    const { stdout, exitCode } = await watch(begun.url, "start", "reconcile", "--watch");
    expect(stdout).toContain("waits for a place in live");
    expect(exitCode).toBe(0);

    const dropped = await serverWith([started, standing("superseded", "run_2 goes in its place")]);
    const { stderr, ...failed } = await watch(dropped.url, "start", "reconcile", "--watch");
    expect(stderr).toContain("run_1 never begins, it was superseded: run_2 goes in its place");
    expect(failed.exitCode).toBe(1);
  });
});

describe("a run that does not begin", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is waited for no longer than half a minute", async () => {
    const { status, body } = problem("unknown_run", 404);
    const asked: number[] = [];
    const start = Date.now();
    const get = async (): Promise<never> => {
      asked.push(Date.now() - start);
      throw new ProblemError({ ...body, status });
    };
    const watched = watchRun({ get }, { id: "run_1", isNew: true }, undefined).catch((error) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await watched).toMatchObject({ code: "unknown_run" });
    expect(asked.at(-1)).toBe(30_000);
  });

  test("is waited for as long as its start waits, and half a minute then", async () => {
    const HOUR_MS = 3_600_000;
    const start = Date.now();
    const asked: number[] = [];
    const get = async (path: string): Promise<never> => {
      if (path === "/v1/queue/run_1") {
        const state = Date.now() < start + HOUR_MS ? "queued" : "started";
        return { run: "run_1", state, reason: "" } as never;
      }
      asked.push(Date.now() - start);
      throw new ProblemError({ ...problem("run_not_started", 409).body, status: 409 });
    };
    const watched = watchRun({ get }, { id: "run_1", isNew: false }, undefined).catch((error) => error);
    await vi.advanceTimersByTimeAsync(HOUR_MS + 60_000);
    expect(await watched).toMatchObject({ code: "run_not_started" });
    expect(asked.at(-1)).toBe(HOUR_MS + 30_000);
  });
});
