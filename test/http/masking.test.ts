// What is sensitive is seen by the functions that it is for, and by nobody else: not in any answer, message or file.
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { sha256 } from "../../durable-objects/sha256.ts";
import { DEFAULT_WORKSPACE, runStub } from "../../durable-objects/stubs.ts";
import type { Job } from "../../src/protocol/job.ts";
import { MASK, spellingsOf } from "../../src/protocol/mask.ts";
import { firstDifference, historyText, loadWorkflow, parseHistory } from "../../src/workflow/index.ts";
import { archivedText } from "./archived-text.ts";
import { call, tokenOf } from "./call.ts";
import { ADMIN_TOKEN } from "./secrets.ts";

const child = `
def main(w, ev):
    token = ev["data"]["token"]
    w.set_status("the child has " + token)
    return {"header": "Bearer " + token, "deep": ev["data"]["more"]["deep"]}

on_start(main)
`;

const everything = `
def main(w, ev):
    password = ev["data"]["password"]
    print("starts with", password)
    token = w.run("example.com/login@v1", {"password": password, "user": "shop"}, tags = [TAG])["token"]
    w.set_label("auth", token)
    w.set_status("uses " + token)
    w.set_output("seen", {"list": [token], token: 1})
    w.log("logs " + token)
    w.attempt(lambda: w.run(
        "example.com/breaks@v1",
        {"database": {"password": "db-" + token, "port": 5432}},
        sensitive = ["database.password"],
        retry = {"attempts": 2, "initial": "1ms"},
        tags = [TAG],
    ))
    pin = w.form("A PIN for " + token, {"pin": {"type": "secret", "help": password}, "note": "string"})["pin"]
    answer = w.start("mask-child", {"token": pin, "more": {"deep": token}}, sensitive = ["token"])
    w.run("builtin://emit", {"type": "com.example.told", "subject": token, "data": {"pin": pin, token: [token]}})
    w.run(
        "example.com/held@v1",
        {"app": "shop", "revision": token, "header": answer["header"]},
        environment = "mask-production",
        tags = [TAG],
    )
    w.wait_for_signal("go")
    fail("at the end: " + answer["header"] + " " + answer["deep"] + " " + json.encode([password, token, pin]))

on_start(main, inputs = {"password": {"type": "secret", "required": True}})
`;

let operator: string;
let runner: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olivia");
  runner = await tokenOf("runner");
  await call("PUT", "/v1/environments/mask-production", { body: { tier: "production" } });
  await push("mask-child", child);
});
afterEach(() => void vi.useRealTimers());

async function push(name: string, source: string): Promise<void> {
  const answer = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect(answer).toMatchObject({ status: 200 });
}

const until = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** Everything that the directory's socket says. */
async function listen(): Promise<string[]> {
  const answer = await exports.default.fetch(
    new Request("http://sluice.test/v1/live", {
      headers: { upgrade: "websocket", authorization: `Bearer ${ADMIN_TOKEN}` },
    }),
  );
  const heard: string[] = [];
  answer.webSocket?.addEventListener("message", ({ data }) => void heard.push(String(data)));
  answer.webSocket?.accept();
  return heard;
}

async function nextJob(tag: string): Promise<Job> {
  return await until(async () => {
    const { status, body } = await call("POST", "/v1/jobs/request", {
      token: runner,
      body: { runner: { name: tag, version: "1", platform: "test", tags: [tag], capacity: 1 }, wait_s: 1 },
    });
    expect(status).toBe(200);
    return body as Job;
  });
}

/** A runner that masks nothing by itself. */
async function perform(job: Job, told: Record<string, unknown>, completion: Record<string, unknown>) {
  const { lease } = job;
  const text = `the log has ${JSON.stringify(job.inputs)}\nand goes on`;
  const progress = { done: 1, message: `works on ${JSON.stringify(job.inputs)}`.slice(0, 500) };
  const beat = { lease, ...told, log: { offset: 0, text }, progress };
  expect(await call("POST", `/v1/jobs/${job.id}/heartbeat`, { token: runner, body: beat })).toMatchObject({
    status: 200,
  });
  const done = { lease, ...completion };
  expect(await call("POST", `/v1/jobs/${job.id}/complete`, { token: runner, body: done })).toMatchObject({
    status: 200,
  });
}

const pages = (run: string, child = "") =>
  [run, child]
    .filter((id) => id !== "")
    .flatMap((id) =>
      ["", "/activities", "/journal?limit=1000", "/log?limit=1000", "/history", "/source"].map(
        (page) => `/v1/runs/${id}${page}`,
      ),
    )
    .concat([
      "/v1/runs?limit=200",
      "/v1/approvals?state=all",
      "/v1/forms",
      "/v1/audit",
      "/v1/events?limit=200",
      "/v1/queue?all=true",
      "/v1/environments/mask-production/deployments",
      "/v1/functions",
      "/v1/runners",
      "/v1/locks",
      "/v1/outbox",
      "/v1/workflows",
    ]);

/** All of a text that must not be there, in every spelling. */
function leaksIn(text: string, secrets: string[]): string[] {
  return secrets.flatMap(spellingsOf).flatMap((secret) => {
    const at = text.indexOf(secret);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 80), at + secret.length + 20)];
  });
}

async function seen(paths: string[]): Promise<string> {
  const answers = await Promise.all(paths.map((path) => call("GET", path)));
  return answers.map(({ body }, index) => `${paths[index]} ${JSON.stringify(body)}\n`).join("");
}

/** Nothing that is found by chance, and a few characters that are written differently in JSON and in URLs. */
const secretText = fc
  .tuple(fc.uuid(), fc.string({ unit: "grapheme", maxLength: 6 }))
  .map(([id, text]) => `${id.replaceAll("-", "").slice(0, 20)}${text.replaceAll(/\s/g, "")}z`);

it("A secret is in nothing that anybody is shown, told or given to keep, whatever the run does with it", async () => {
  let runs = 0;
  const scenario = async (password: string, token: string, pin: string) => {
    runs += 1;
    const tag = `mask-${runs}-${crypto.randomUUID().slice(0, 8)}`;
    const name = `mask-${tag.slice(-8)}`;
    const secrets = [password, token, pin];
    const heard = await listen();
    const source = everything.replaceAll("TAG", JSON.stringify(tag));
    await push(name, source);
    const started = await call("POST", `/v1/workflows/${name}/runs`, {
      token: operator,
      body: { input: { password } },
    });
    expect(started.status).toBe(202);
    const { run } = started.body;
    const check = async (more: string[] = []) =>
      expect(leaksIn(await seen([...pages(run), ...more]), secrets)).toEqual([]);

    const login = await nextJob(tag);
    expect(login.inputs.password).toBe(password);
    await check();
    await perform(
      login,
      { sensitive_inputs: ["password"] },
      { outcome: { ok: { token, user: "shop" } }, sensitive_outputs: ["token"] },
    );
    for (const _ of ["first", "second"]) {
      const breaks = await nextJob(tag);
      expect(breaks).toMatchObject({
        sensitive_inputs: ["database.password"],
        inputs: { database: { password: `db-${token}`, port: 5432 } },
      });
      const error = { code: "Broken", message: `cannot log in with db-${token}`, details: { at: [token] } };
      await perform(breaks, {}, { outcome: { error } });
    }
    const form = await until(async () => {
      const { body } = await call("GET", "/v1/forms?state=pending");
      const mine = body.forms.find((one: { run: string }) => one.run === run);
      expect(mine).toBeDefined();
      return mine;
    });
    await check([`/v1/forms/${form.id}`]);
    const filled = await call("POST", `/v1/forms/${form.id}`, {
      token: operator,
      body: { values: { pin, note: "ok" } },
    });
    expect(filled.body).toMatchObject({ state: "filled", values: { pin: MASK, note: "ok" } });
    const approval = await until(async () => {
      const { body } = await call("GET", "/v1/approvals?state=pending");
      const mine = body.approvals.find((one: { run: string }) => one.run === run);
      expect(mine).toBeDefined();
      return mine;
    });
    expect(approval.inputs).toEqual({ app: "shop", revision: MASK, header: MASK });
    const { body: detail } = await call("GET", `/v1/runs/${run}`);
    const kid = detail.activities.find((one: { kind: string }) => one.kind === "start").child;
    await check(pages(kid));
    const decided = await call("POST", `/v1/approvals/${approval.id}`, {
      body: { decision: "approve", comment: `since ${token} is right` },
    });
    expect(decided.status).toBe(200);
    const held = await nextJob(tag);
    expect(held.inputs).toEqual({ app: "shop", revision: token, header: `Bearer ${pin}` });
    await perform(held, {}, { outcome: { ok: {} } });
    await until(async () => expect((await call("GET", `/v1/runs/${run}`)).body.state).toBe("waiting"));
    await evictDurableObject(
      env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${run}`)),
    );
    const signal = await call("POST", `/v1/runs/${run}/signals/go`, {
      token: operator,
      body: { data: token },
    });
    expect(signal.status).toBe(202);
    await until(async () => {
      const { body } = await call("GET", `/v1/runs?text=${encodeURIComponent(name)}`);
      expect(body.runs[0]).toMatchObject({ id: run, state: "failed", labels: { auth: MASK } });
    });
    await until(async () => {
      const { body } = await call("GET", "/v1/events?type=com.example.told");
      expect(body.events[0].event).toMatchObject({ subject: MASK, data: { pin: MASK, [MASK]: [MASK] } });
    });
    const words = [password, token, pin].map((word) => `/v1/events?text=${encodeURIComponent(word)}`);
    for (const path of words) expect((await call("GET", path)).body.events).toEqual([]);
    await check([...pages(kid), `/v1/forms/${form.id}`, `/v1/approvals/${approval.id}`]);
    const { body: ended } = await call("GET", `/v1/runs/${run}`);
    expect(ended.error.message).toBe(`fail: at the end: ${MASK} ${MASK} ["${MASK}","${MASK}","${MASK}"]`);
    expect(ended.activities[0]).toMatchObject({
      inputs: { password: MASK, user: "shop" },
      outputs: { token: MASK, user: "shop" },
    });

    // As it was exported it still replays on its program; who changes that sees where.
    const { body: head } = await call("GET", `/v1/runs/${run}/history`);
    const { body: journal } = await call("GET", `/v1/runs/${run}/journal?limit=1000`);
    const history = parseHistory(historyText({ head, records: journal.records }));
    const program = (text: string) => {
      const loaded = loadWorkflow(
        { entry: "main.star", files: { "main.star": text } },
        { name, sha256Hex: sha256 },
      );
      if (!loaded.ok) throw new Error(loaded.error.message);
      return loaded.value;
    };
    if (!history.ok) throw new Error(history.error.message);
    expect(firstDifference(program(source), history.value, sha256)).toBeUndefined();
    const other = source.replace('"user": "shop"', '"user": "other"');
    expect(firstDifference(program(other), history.value, sha256)).toMatchObject({ code: "NonDeterminism" });

    // Archived, brought back, and not to be begun again without what it had.
    const object = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${run}`));
    vi.setSystemTime(Date.now() + 32 * 24 * 3600_000);
    await runStub(env, DEFAULT_WORKSPACE, run).retire();
    await runDurableObjectAlarm(object);
    vi.useRealTimers();
    const { ARCHIVE: bucket } = env as Env & { ARCHIVE: R2Bucket };
    const files = await Promise.all(
      ["history", "log"].map((file) =>
        archivedText(bucket, `${DEFAULT_WORKSPACE}/runs/${run}/${file}.ndjson`),
      ),
    );
    expect(files[0]).toContain('"masked":true');
    expect(leaksIn(files.join("\n"), secrets)).toEqual([]);
    expect(files[1]).toContain(MASK);
    await check();
    const command = ended.activities[1].command;
    const fork = await call("POST", `/v1/runs/${run}/forks`, { token: operator, body: { command } });
    expect(fork.body.code).toBe("run_masked");

    expect(heard.length).toBeGreaterThan(3);
    expect(leaksIn(heard.join("\n"), secrets)).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(secretText, secretText, secretText, scenario), {
    numRuns: 3,
    endOnFailure: true,
  });
});

it("What a waiting run asks for is told to viewers, and what of it is sensitive to nobody", async () => {
  const name = `mask-wait-${crypto.randomUUID().slice(0, 8)}`;
  const nonce = `n0nce-${crypto.randomUUID()}`;
  const type = `com.example.${name}`;
  await push(
    name,
    `
def main(w, ev):
    nonce = ev["data"]["nonce"]
    w.parallel([
        lambda: w.wait_for_event(type = "${type}", match = {"data.nonce": nonce}),
        lambda: w.wait_for_event(type = "${type}", filter = "event.data.nonce == '" + nonce + "'"),
        lambda: w.wait_for_event(type = "${type}", match = {"data.app": "search"}),
    ])

on_start(main, inputs = {"nonce": {"type": "secret", "required": True}})
`,
  );
  const started = await call("POST", `/v1/workflows/${name}/runs`, {
    token: operator,
    body: { input: { nonce } },
  });
  const { run } = started.body;
  const sender = await tokenOf("sender");
  const send = async (token: string) => {
    const event = {
      specversion: "1.0",
      id: crypto.randomUUID(),
      source: "/tests",
      type,
      data: { nonce: "x" },
    };
    const headers = { "content-type": "application/cloudevents+json" };
    const { status, body } = await call("POST", "/v1/events", {
      token,
      headers,
      rawBody: JSON.stringify(event),
    });
    expect(status).toBe(202);
    return body.events[0];
  };
  await until(async () => expect((await send(operator)).notWoken?.total).toBe(3));

  const receipt = await send(sender);
  expect(receipt).toMatchObject({ woke: [], seq: expect.any(Number) });
  expect(receipt).not.toHaveProperty("notWoken");
  const { body: story } = await call("GET", `/v1/events/${receipt.seq}`);
  expect(story.receipt.notWoken.nearest.map((one: { reason: string }) => one.reason).sort()).toEqual([
    "condition 1 of its match, which is sensitive, does not hold",
    "its filter, which is sensitive, says no",
    'there is no data.app, which is to be "search"',
  ]);
  expect(leaksIn(await seen([...pages(run), `/v1/events/${receipt.seq}`]), [nonce])).toEqual([]);
});
