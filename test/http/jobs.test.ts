import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { QueueJob } from "../../durable-objects/rpc/job-router.ts";
import { DEFAULT_WORKSPACE, routerStub } from "../../durable-objects/stubs.ts";
import { type CommandId, jobId, type RunId } from "../../src/protocol/ids.ts";
import { MAX_LOG_CHUNK_BYTES, MAX_PAYLOAD_BYTES } from "../../src/protocol/job.ts";
import { type Answer, call, tokenOf } from "./call.ts";

let token: string;
beforeAll(async () => {
  token = await tokenOf("runner", "ci");
});

let count = 0;

/** Queues a job that only a runner with this test's own tag gets. */
async function queued(overrides: Partial<QueueJob> = {}): Promise<{ job: QueueJob; tag: string }> {
  count += 1;
  const run = `run_${count.toString(16).padStart(32, "0")}` as RunId;
  const command = "0#1" as CommandId;
  const tag = `test-${count}`;
  const job = {
    id: jobId(run, command, 1),
    run,
    workspace: DEFAULT_WORKSPACE,
    command,
    attempt: 1,
    reference: "gitlab.com/cd/reconcile@v1",
    inputs: {},
    timeoutMs: 60_000,
    queueTimeoutMs: 60_000,
    tags: [tag],
    idempotencyKey: `${run}#${command}`,
    ...overrides,
  };
  await routerStub(env, DEFAULT_WORKSPACE).enqueue(job);
  return { job, tag };
}

const request = (tags: string[], wait_s = 0, as = token) =>
  call("POST", "/v1/jobs/request", {
    token: as,
    body: { runner: { name: "one", version: "1", platform: "linux", tags, capacity: 2 }, wait_s },
  });

const on = (id: string, what: string, body: unknown, as = token): Promise<Answer> =>
  call("POST", `/v1/jobs/${id}/${what}`, { token: as, body });

describe("POST /v1/jobs/request", () => {
  test("answers 200 with a job, and 204 without a body when there is none", async () => {
    const { job, tag } = await queued();
    const answer = await request([tag]);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: job.id,
      lease_seconds: 30,
      run_url: `http://sluice.test/v1/runs/${job.run}`,
    });
    const none = await request([tag]);
    expect([none.status, none.body]).toEqual([204, ""]);
  });

  test("waits for a job", async () => {
    const waiting = request(["later"], 20);
    const { job } = await queued({ tags: ["later"] });
    expect((await waiting).body.id).toBe(job.id);
  });

  test("is for runners only", async () => {
    expect((await request([], 0, await tokenOf("viewer"))).status).toBe(403);
    expect((await call("POST", "/v1/jobs/request", { token: null, body: {} })).status).toBe(401);
  });

  test("with a token that has tags goes by those tags, or by some of them, or by none", async () => {
    const { job, tag } = await queued();
    const made = await call("POST", "/v1/tokens", {
      body: { subject: "ci", role: "runner", tags: [tag, "eu"] },
    });
    expect(made).toMatchObject({ status: 201, body: { tags: [tag, "eu"] } });
    const own = made.body.token as string;
    const refused = await request([tag, "production"], 0, own);
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect(refused.body.detail).toContain(`no work with the tag production, only with ${tag}, eu`);
    expect((await request([], 0, own)).status).toBe(204);
    expect((await request([tag], 0, own)).body.id).toBe(job.id);
    const { body: listed } = await call("GET", "/v1/tokens");
    expect(listed.tokens).toContainEqual(expect.objectContaining({ id: made.body.id, tags: [tag, "eu"] }));
  });

  test.each([
    [{}, "/runner"],
    [{ runner: { name: "", version: "1", platform: "l", tags: [], capacity: 1 } }, "/runner/name"],
    [{ runner: { name: "x", version: "1", platform: "l", tags: [], capacity: 0 } }, "/runner/capacity"],
    [{ runner: { name: "x", version: "1", platform: "l", tags: [], capacity: 1 }, wait_s: 26 }, "/wait_s"],
  ])("refuses %j, and points at what is wrong", async (body, pointer) => {
    const answer = await call("POST", "/v1/jobs/request", { token, body });
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });
});

describe("a leased job", () => {
  async function leased() {
    const { job, tag } = await queued();
    const { body } = await request([tag]);
    return { id: job.id, lease: body.lease as string, tag };
  }

  test("is renewed by heartbeats, completed once, and repeats are answered alike", async () => {
    const { id, lease } = await leased();
    const beat = await on(id, "heartbeat", {
      lease,
      log: { offset: 0, text: "hello\n" },
      progress: { done: 1 },
    });
    expect(beat).toMatchObject({ status: 200, body: { cancel: false } });
    expect(beat.body.lease_expires_at).toBeGreaterThan(Date.now());
    const outcome = { ok: { healthy: true } };
    expect(await on(id, "complete", { lease, outcome })).toMatchObject({
      status: 200,
      body: { repeated: false },
    });
    expect(await on(id, "complete", { lease, outcome })).toMatchObject({
      status: 200,
      body: { repeated: true },
    });
    expect(await on(id, "complete", { lease, outcome: { ok: {} } })).toMatchObject({
      status: 409,
      body: { code: "outcome_conflict" },
    });
    expect(await on(id, "heartbeat", { lease })).toMatchObject({ status: 409, body: { code: "lease_lost" } });
  });

  test("that is released goes to the next runner, and the old lease is worth nothing", async () => {
    const { id, lease, tag } = await leased();
    expect((await on(id, "release", { lease, reason: "shutting down" })).status).toBe(200);
    const { body: again } = await request([tag]);
    expect(again).toMatchObject({ id, attempt: 1 });
    for (const what of ["heartbeat", "complete", "release"]) {
      const answer = await on(id, what, { lease, outcome: { ok: {} }, reason: "" });
      expect(answer).toMatchObject({ status: 409, body: { code: "lease_lost" } });
    }
    expect((await on(id, "heartbeat", { lease: again.lease })).status).toBe(200);
  });

  test("takes no guess for a lease, and nobody learns of a job that is not there", async () => {
    const { id } = await leased();
    expect((await on(id, "complete", { lease: "guess", outcome: { ok: {} } })).body.code).toBe("lease_lost");
    const unknown = jobId(`run_${"f".repeat(32)}` as RunId, "0#1" as CommandId, 1);
    expect(await on(unknown, "heartbeat", { lease: "x" })).toMatchObject({
      status: 404,
      body: { code: "unknown_job" },
    });
    expect((await on("nonsense", "heartbeat", { lease: "x" })).status).toBe(400);
  });

  test("takes outcomes and log chunks up to their limits, and a job survives what is refused", async () => {
    const { id, lease } = await leased();
    const chunk = (bytes: number) => ({ lease, log: { offset: 0, text: "x".repeat(bytes) } });
    expect((await on(id, "heartbeat", chunk(MAX_LOG_CHUNK_BYTES))).status).toBe(200);
    expect((await on(id, "heartbeat", chunk(MAX_LOG_CHUNK_BYTES + 1))).status).toBe(413);
    const outcome = (bytes: number) => ({ lease, outcome: { ok: { text: "x".repeat(bytes) } } });
    expect((await on(id, "complete", outcome(MAX_PAYLOAD_BYTES))).body.code).toBe("payload_too_large");
    expect((await on(id, "complete", outcome(3 * MAX_PAYLOAD_BYTES))).status).toBe(413);
    const invalid = [
      { lease },
      { lease, outcome: {} },
      { lease, outcome: { ok: {}, error: { code: "x", message: "" } } },
    ];
    for (const body of invalid) expect((await on(id, "complete", body)).status).toBe(400);
    expect((await on(id, "complete", outcome(MAX_PAYLOAD_BYTES - 100))).status).toBe(200);
  });
});

describe("GET /v1/runners", () => {
  test("lists runners with their jobs and the queue by tags", async () => {
    const { job, tag } = await queued();
    await request([tag]);
    const { job: waiting } = await queued({ tags: ["gpu"] });
    const { status, body } = await call("GET", "/v1/runners", { token: await tokenOf("viewer") });
    expect(status).toBe(200);
    expect(body.runners).toHaveLength(1);
    expect(body.runners[0].jobs.map(({ id }: { id: string }) => id)).toContain(job.id);
    expect(body.queue).toContainEqual({
      tags: waiting.tags,
      length: 1,
      oldestQueuedAt: expect.any(Number),
      next: [expect.objectContaining({ id: waiting.id, priority: 0 })],
    });
  });
});

describe("a workflow's call", () => {
  test("reaches a runner, whose log, progress and outputs reach the run", async () => {
    const source = `
def handler(w, ev):
    result = w.run(step="gitlab.com/cd/reconcile@v1", inputs={"app": ev["data"]["app"]}, tags=["whole"])
    w.log("healthy: %s" % result["healthy"])

on_event(type="test.deploy", handler=handler)
`;
    const put = await call("PUT", "/v1/workflows/whole", {
      body: { entry: "whole.star", files: { "whole.star": source } },
    });
    expect(put.status).toBeLessThan(300);
    const waiting = request(["whole"], 20);
    const sent = await call("POST", "/v1/events", {
      headers: { "content-type": "application/cloudevents+json" },
      rawBody: JSON.stringify({
        specversion: "1.0",
        id: "1",
        source: "/test",
        type: "test.deploy",
        data: { app: "shop" },
      }),
    });
    expect(sent.status).toBe(202);
    const { body: job } = await waiting;
    expect(job).toMatchObject({
      attempt: 1,
      function: { reference: "gitlab.com/cd/reconcile@v1" },
      inputs: { app: "shop" },
    });
    const run = `/v1/runs/${job.id.split("~")[0]}`;
    const log = { offset: 0, text: "deploying\n" };
    await on(job.id, "heartbeat", { lease: job.lease, resolved: "c0ffee" });
    await on(job.id, "heartbeat", { lease: job.lease, log, progress: { done: 1, total: 2 } });
    await on(job.id, "heartbeat", { lease: job.lease, log });
    const detail = (await call("GET", run)).body;
    expect(detail.activities[0]).toMatchObject({ state: "running", progress: { done: 1, total: 2 } });
    await on(job.id, "complete", { lease: job.lease, outcome: { ok: { healthy: true } } });
    await expect.poll(async () => (await call("GET", run)).body.state).toBe("succeeded");
    const { lines } = (await call("GET", `${run}/log`)).body;
    expect(lines.map(({ text }: { text: string }) => text)).toEqual(["deploying", "healthy: True"]);
  });
});
