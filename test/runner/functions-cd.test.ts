import { execFileSync } from "node:child_process";
import { appendFile, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { startTargetServer } from "../../runner/target-server.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { aFolder, perform } from "./builders.ts";

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
  at: number;
}
// Functions are plain JavaScript, which Node runs on any machine; their types are stated here.
const { evaluateQuery, parseQuery } = (await import("../../functions/cd/lib/query.mjs" as string)) as {
  parseQuery: (text: string) => unknown;
  evaluateQuery: (query: unknown, samples: Sample[], now: number) => number | undefined;
};

const functions = join(import.meta.dirname, "../../functions/cd");
const canaryQuery = "rate(http_errors_total{service='shop',canary='true'}[10m])";

async function aTarget() {
  const target = await aFolder();
  const scratch = await aFolder();
  await symlink(functions, join(scratch, "cd"));
  let calls = 0;
  const call = async (fn: string, inputs: JsonObject, given: { key?: string; url?: string } = {}) => {
    calls += 1;
    return await perform(scratch, `cd/${fn}`, inputs, {
      idempotencyKey: given.key ?? `key-${calls}`,
      variables: { SLUICE_TARGET: target, ...(given.url !== undefined && { SLUICE_TARGET_URL: given.url }) },
    });
  };
  const deploy = (revision: string, given?: { key?: string; url?: string }, app = "shop-canary") =>
    call("reconcile", { app, revision, wait_healthy: true }, given);
  const read = async (file: string) => await readFile(join(target, file), "utf8");
  const live = async (app = "shop-canary") => JSON.parse(await read(`${app}/health.json`)).revision;
  return { target, call, deploy, read, live };
}

describe("reconcile", () => {
  it("deploys a revision that can be opened and says that it is healthy", async () => {
    const { deploy, read } = await aTarget();
    const { outputs, error, progress } = await deploy("v1.2.3");
    expect(error).toBeUndefined();
    expect(outputs).toEqual({
      healthy: true,
      revision: "v1.2.3",
      changed: true,
      url: expect.stringMatching(/^file:.*\/shop-canary\/index\.html$/),
    });
    expect(await read("shop-canary/index.html")).toContain("<h1>v1.2.3</h1>");
    expect(JSON.parse(await read("shop-canary/health.json"))).toMatchObject({ status: "healthy" });
    expect(JSON.parse(await read("shop-canary/releases.json"))).toHaveLength(1);
    expect(progress.every(({ total }) => total === 3)).toBe(true);
  });

  it("changes nothing when the revision runs already", async () => {
    const { deploy, read } = await aTarget();
    await deploy("v1");
    expect((await deploy("v1")).outputs).toMatchObject({ changed: false, healthy: true });
    expect(JSON.parse(await read("shop-canary/releases.json"))).toHaveLength(1);
  });

  it("of an attempt that comes late does not undo what was deployed after it", async () => {
    const { deploy, live } = await aTarget();
    await deploy("v1", { key: "run#0#1" });
    await deploy("v2", { key: "run#0#2" });
    const late = await deploy("v1", { key: "run#0#1" });
    expect(late.error).toMatchObject({ code: "Superseded", retryable: false });
    expect(await live()).toBe("v2");
  });

  it("of many at the same moment makes one release each, none lost", async () => {
    const { target, read } = await aTarget();
    const script = `
      import { change } from ${JSON.stringify(join(functions, "lib/target.mjs"))};
      const revisions = ["a", "b", "c", "d", "e", "f"];
      await Promise.all(revisions.map((revision) => change("shop-canary", () => ({ revision, action: "deploy" }))));
    `;
    execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { PATH: process.env.PATH, SLUICE_TARGET: target },
    });
    const history = JSON.parse(await read("shop-canary/releases.json")) as {
      revision: string;
      number: number;
    }[];
    expect(history.map(({ revision }) => revision).sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(history.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("mends what a killed one left half done, and leaves no drafts", async () => {
    const { target, deploy, live } = await aTarget();
    await deploy("v1");
    await deploy("v2");
    // As if it had been killed between taking its number and going live.
    await rm(join(target, "shop-canary"));
    await symlink(".releases/shop-canary/000001", join(target, "shop-canary"));
    expect(await live()).toBe("v1");
    expect((await deploy("v2")).outputs).toMatchObject({ changed: false });
    expect(await readlink(join(target, "shop-canary"))).toBe(".releases/shop-canary/000002");
    expect(await readdir(join(target, ".releases/shop-canary"))).toEqual(["000001", "000002"]);
  });

  it("keeps hostile names out of paths and hostile revisions out of markup", async () => {
    const { call, deploy, read } = await aTarget();
    for (const app of ["../evil", "a/b", "", ".hidden"]) {
      expect((await call("reconcile", { app, revision: "v1" })).error).toMatchObject({
        code: "InvalidApp",
        retryable: false,
      });
    }
    await deploy("<script>alert(1)</script>");
    expect(await read("shop-canary/index.html")).not.toContain("<script>");
  });

  it("fails, to be tried again, when the app does not become healthy", async () => {
    const { call } = await aTarget();
    const { error } = await call(
      "reconcile",
      { app: "shop-canary", revision: "v1", wait_healthy: true, health_timeout_seconds: 0.3 },
      { url: "http://127.0.0.1:9" },
    );
    expect(error).toMatchObject({ code: "Unhealthy", retryable: true });
  });
});

describe("rollback", () => {
  it("goes back to the release before, further each time, and at last to none", async () => {
    const { call, deploy, live } = await aTarget();
    for (const revision of ["v1", "v2", "v3"]) await deploy(revision);
    const back = () => call("rollback", { app: "shop-canary" });
    expect((await back()).outputs).toMatchObject({ revision: "v2", rolled_back_from: "v3" });
    expect((await back()).outputs).toMatchObject({ revision: "v1", rolled_back_from: "v2" });
    expect((await back()).outputs).toMatchObject({ revision: "", rolled_back_from: "v1" });
    expect((await back()).outputs).toMatchObject({ revision: "" });
    expect(await live()).toBe("");
    expect((await deploy("v4")).outputs).toMatchObject({ healthy: true, changed: true });
    expect((await back()).outputs).toMatchObject({ revision: "v3", rolled_back_from: "v4" });
  });

  it("happens once for one call, however often it is attempted", async () => {
    const { call, deploy, live } = await aTarget();
    for (const revision of ["v1", "v2", "v3"]) await deploy(revision);
    const attempt = () => call("rollback", { app: "shop-canary" }, { key: "one call" });
    expect((await attempt()).outputs).toEqual((await attempt()).outputs);
    expect(await live()).toBe("v2");
  });

  it("of an app that was never deployed is refused", async () => {
    const { call } = await aTarget();
    expect((await call("rollback", { app: "nothing" })).error).toMatchObject({ code: "UnknownApp" });
  });
});

describe("metrics-query", () => {
  const ask = { query: canaryQuery, threshold: 0.01 };

  it("finds a release that answers to be good", async () => {
    const { call, deploy } = await aTarget();
    await deploy("v1");
    expect((await call("metrics-query", ask)).outputs).toEqual({ value: 0, breached: false });
  });

  it("finds a release whose errors grow to be bad, and only that one", async () => {
    const { target, call, deploy } = await aTarget();
    await deploy("v1");
    await deploy("v1", {}, "shop-production");
    await appendFile(join(target, "metrics.prom"), `http_errors_total{service="shop",canary="true"} 500\n`);
    const { outputs } = await call("metrics-query", ask);
    expect(outputs).toMatchObject({ breached: true });
    expect(outputs?.value).toBeGreaterThan(0.5);
    const production = { ...ask, query: canaryQuery.replace("'true'", "'false'") };
    expect((await call("metrics-query", production)).outputs).toMatchObject({ value: 0, breached: false });
  });

  it("fails rather than call something good that nobody measures", async () => {
    const { call } = await aTarget();
    expect((await call("metrics-query", ask)).error).toMatchObject({ code: "NoData", retryable: true });
  });

  it("says where a query is wrong", async () => {
    const { call } = await aTarget();
    const { error } = await call("metrics-query", { query: "rate(x{a='b')", threshold: 1 });
    expect(error).toMatchObject({ code: "InvalidQuery", retryable: false });
    expect(error?.message).toContain("expected , or } at character 13");
  });
});

describe("queries", () => {
  const minute = 60_000;
  const now = 100 * minute;
  const counter = (values: number[], labels: Record<string, string> = {}, every = minute): Sample[] =>
    values.map((value, index) => ({
      name: "errors",
      labels,
      value,
      at: now - (values.length - 1 - index) * every,
    }));
  const value = (query: string, samples: Sample[]) => evaluateQuery(parseQuery(query), samples, now);

  it.each<[string, number | undefined]>([
    ["errors", 30],
    ["errors{job='a'}", 30],
    ["errors{job!='a'}", undefined],
    ['errors{job=~"a|b"}', 30],
    ["errors{job!~'b.*',}", 30],
    ["{job='a'}", 30],
    ["increase(errors[3m])", 30],
    ["rate(errors[3m]) * 180", 30],
    ["sum(errors) / 3 + 1 - 2 * 2", 7],
    ["(1 + 2) * 3", 9],
    ["max_over_time(errors[3m])", 30],
    ["avg_over_time(errors[3m])", 20],
    ["count_over_time(errors[1h30m])", 4],
    ["irate(errors[5m]) * 60", 10],
    ["delta(errors[3m])", 30],
    ["count(errors)", 1],
  ])("%s is %s", (query, expected) => {
    expect(value(query, counter([0, 10, 20, 30], { job: "a" }))).toEqual(
      expected === undefined ? expected : expect.closeTo(expected, 6),
    );
  });

  it("see a counter that began anew as growth", () => {
    expect(value("increase(errors[5m])", counter([100, 110, 5, 15]))).toBeGreaterThanOrEqual(25);
  });

  it("answer with the largest of several series, unless they are aggregated", () => {
    const samples = [...counter([1], { a: "1" }), ...counter([5], { a: "2" })];
    expect(value("errors", samples)).toBe(5);
    expect(value("sum(errors)", samples)).toBe(6);
    expect(value("min(errors)", samples)).toBe(1);
    expect(() => value("errors / 2", samples)).toThrow("needs one value on each side");
  });

  it("do not see what is older than their range, nor one sample as a rate", () => {
    expect(value("rate(errors[1m])", counter([0, 10], {}, 2 * minute))).toBeUndefined();
    expect(value("errors", [{ name: "errors", labels: {}, value: 1, at: now - 6 * minute }])).toBeUndefined();
  });

  it.each([
    "",
    "errors{",
    "rate(errors)",
    "errors[5m]",
    "unknown(errors[5m])",
    "sum by (a) (errors)",
    "1 +",
    "errors{a=b}",
    "errors) ",
  ])("refuse %j", (query) => {
    expect(() => parseQuery(query)).toThrow(/ at character \d+ of /);
  });

  it("give rates that are never negative and never above what the samples and the range allow", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 2, maxLength: 20 }), (values) => {
        const rate = value("rate(errors[30m])", counter(values)) ?? 0;
        expect(rate).toBeGreaterThanOrEqual(0);
        const grown = values.reduce((sum, next) => sum + next, 0);
        expect(rate * 1800).toBeLessThanOrEqual(grown * (1 + 2 / (values.length - 1)) + 1e-9);
      }),
    );
  });
});

describe("the target's server", () => {
  it("shows what is deployed, follows what goes live, and nothing outside the target", async () => {
    const { target, deploy, call } = await aTarget();
    const { url, close } = await startTargetServer({ folder: target });
    onTestFinished(close);
    const get = async (path: string) => {
      const response = await fetch(url + path, { redirect: "manual" });
      return { status: response.status, text: await response.text() };
    };
    expect((await get("/")).text).toContain("Nothing is deployed here yet");
    const { outputs } = await deploy("v1", { url: url });
    expect(outputs).toMatchObject({ healthy: true, url: `${url}/shop-canary/` });
    expect((await get("/")).text).toContain('<a href="/shop-canary/">');
    expect((await get("/shop-canary/")).text).toContain("<h1>v1</h1>");
    expect((await get("/shop-canary")).status).toBe(308);
    await deploy("v2", { url: url });
    expect(JSON.parse((await get("/shop-canary/health.json")).text)).toMatchObject({ revision: "v2" });
    expect((await get("/metrics")).text).toContain("http_requests_total");
    for (const path of [
      "/../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/.releases/",
      "/%00",
      "/nothing",
      "/%zz",
    ]) {
      expect((await get(path)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    await call("rollback", { app: "shop-canary" });
    expect((await get("/shop-canary/")).text).toContain("<h1>v1</h1>");
  });
});
