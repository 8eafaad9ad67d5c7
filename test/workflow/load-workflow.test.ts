import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchEvent } from "../../src/events/start-event.ts";
import type { Diagnostic } from "../../src/protocol/workflow.ts";
import { loadWorkflow, programDigest } from "../../src/workflow/index.ts";
import { loadedFile } from "../../src/workflow/loaded-file.ts";
import { ScriptedHost, sha256Hex, workflowOf } from "./scripted-host.ts";

function load(files: string | Record<string, string>, checkFilter?: (filter: string) => string | undefined) {
  const sources = typeof files === "string" ? { "main.star": files } : files;
  return loadWorkflow(
    { entry: "main.star", files: sources },
    { name: "deploy", sha256Hex, ...(checkFilter ? { checkFilter } : {}) },
  );
}

/** `file:line:column code` of every diagnostic. */
function problems(
  files: string | Record<string, string>,
  checkFilter?: (filter: string) => string | undefined,
) {
  const loaded = load(files, checkFilter);
  if (loaded.ok) throw new Error("it loads");
  expect(loaded.error.code).toBe("invalid_workflow");
  const diagnostics = loaded.error.details?.diagnostics as unknown as Diagnostic[];
  return diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
}

const handler = "def h(w, ev): pass\n";

describe("loading a workflow", () => {
  it("collects the triggers that on_event declares", () => {
    const loaded = load(`
def h(w, ev): pass
def other(w, ev): pass
on_event(type = "a", handler = h)
on_event(type = "b.*", handler = h, name = "again", filter = "event.data.n > 1", match = {"subject": "x", "data.n": [1, {"y": None}]})
on_event("c", other)
`);
    expect(loaded.ok && loaded.value.triggers).toEqual([
      { id: "deploy/h", type: "a", handler: "h" },
      {
        id: "deploy/again",
        type: "b.*",
        handler: "h",
        filter: "event.data.n > 1",
        match: { subject: "x", "data.n": [1, { y: null }] },
      },
      { id: "deploy/other", type: "c", handler: "other" },
    ]);
  });

  it("collects what on_event says about the pace of its runs", () => {
    const loaded = load(`
def h(w, ev): pass
on_event("a", h, concurrency = concurrency(key = "event.data.env"), priority = 5)
on_event("b", h, name = "b", concurrency = concurrency(mode = "cancel_running", limit = 2, group = "deploys"))
on_event("c", h, name = "c", rate_limit = rate_limit(10, "1h"), debounce = debounce("5s", key = "event.subject", max_wait = "1m"))
on_event("d", h, name = "d", rate_limit = rate_limit(count = 1, per = 2, over = "drop"), batch = batch(max = 10, within = "30s"))
`);
    expect(loaded.ok && loaded.value.triggers).toEqual([
      {
        id: "deploy/h",
        type: "a",
        handler: "h",
        concurrency: { key: "event.data.env", mode: "queue", limit: 1 },
        priority: 5,
      },
      {
        id: "deploy/b",
        type: "b",
        handler: "h",
        concurrency: { mode: "cancel_running", limit: 2, group: "deploys" },
      },
      {
        id: "deploy/c",
        type: "c",
        handler: "h",
        rateLimit: { count: 10, perMs: 3600_000, over: "wait" },
        debounce: { quietMs: 5000, key: "event.subject", maxWaitMs: 60_000 },
      },
      {
        id: "deploy/d",
        type: "d",
        handler: "h",
        rateLimit: { count: 1, perMs: 2000, over: "drop" },
        batch: { max: 10, withinMs: 30_000 },
      },
    ]);
  });

  it("collects schedules, each a trigger on its own firings", () => {
    const loaded = load(`
def h(w, ev): pass
on_schedule(cron = "0 3 * * MON-FRI", timezone = "Europe/Berlin", handler = h)
on_schedule(every = "15m", handler = h, name = "often", overlap = "allow", jitter = "1m", backfill = "none")
on_schedule("@daily", handler = h, name = "daily", concurrency = concurrency(group = "nights"), priority = -1)
`);
    const trigger = (id: string, rest: object) => ({
      id,
      type: "dev.sluice.schedule.fired",
      match: { subject: id },
      handler: "h",
      ...rest,
    });
    expect(loaded.ok && loaded.value.triggers).toEqual([
      trigger("deploy/h", {
        schedule: { cron: "0 3 * * MON-FRI", timezone: "Europe/Berlin", jitterMs: 0, backfill: "latest" },
        concurrency: { mode: "skip", limit: 1 },
      }),
      trigger("deploy/often", {
        schedule: { everyMs: 900_000, timezone: "UTC", jitterMs: 60_000, backfill: "none" },
      }),
      trigger("deploy/daily", {
        schedule: { cron: "@daily", timezone: "UTC", jitterMs: 0, backfill: "latest" },
        concurrency: { group: "nights", mode: "queue", limit: 1 },
        priority: -1,
      }),
    ]);
  });

  it.each([
    ['on_event("a", h, concurrency = "x")', "invalid-flow-control"],
    ['on_event("a", h, concurrency = batch(2, "1s"))', "invalid-flow-control"],
    ['on_event("a", h, concurrency = concurrency(mode = "lifo"))', "invalid-flow-control"],
    ['on_event("a", h, concurrency = concurrency(limit = 0))', "invalid-flow-control"],
    ['on_event("a", h, concurrency = concurrency(group = "a b"))', "invalid-flow-control"],
    ['on_event("a", h, rate_limit = rate_limit(1, "0s"))', "invalid-flow-control"],
    ['on_event("a", h, rate_limit = rate_limit(1, "90d"))', "invalid-flow-control"],
    ['on_event("a", h, debounce = debounce("1m", max_wait = "1s"))', "invalid-flow-control"],
    ['on_event("a", h, batch = batch(101, "1s"))', "invalid-flow-control"],
    ['on_event("a", h, batch = batch(2, "1s"), debounce = debounce("1s"))', "invalid-flow-control"],
    ['on_event("a", h, priority = 1001)', "invalid-flow-control"],
    ["on_schedule(handler = h)", "invalid-schedule"],
    ['on_schedule("61 * * * *", handler = h)', "invalid-schedule"],
    ['on_schedule(every = "500ms", handler = h)', "invalid-schedule"],
    ['on_schedule("@daily", handler = h, timezone = "Mars")', "invalid-schedule"],
    ['on_schedule("@daily", handler = h, overlap = "maybe")', "invalid-schedule"],
    ['on_schedule("@daily", handler = h, backfill = "some")', "invalid-schedule"],
    ['on_schedule("@daily", handler = h, overlap = "skip", concurrency = concurrency())', "invalid-schedule"],
  ])("refuses %s where it is written", (line, code) => {
    expect(problems(`${handler}${line}`)).toEqual([expect.stringMatching(`^main.star:2:\\d+ ${code}$`)]);
  });

  it("refuses a key that cannot be evaluated, and a handler's own declarations", () => {
    const keys = load(`${handler}on_event("a", h, concurrency = concurrency(key = "event."))`, undefined);
    expect(keys.ok).toBe(true);
    const checked = loadWorkflow(
      {
        entry: "main.star",
        files: { "main.star": `${handler}on_event("a", h, batch = batch(2, 5, key = "bad"))` },
      },
      { sha256Hex, checkKey: (key) => `no good: ${key}` },
    );
    expect(checked.ok ? "" : checked.error.message).toBe("main.star:2:9: no good: bad");
  });

  it("hands a batch to its handler as a list", () => {
    const event = (n: number) => ({
      specversion: "1.0" as const,
      id: `${n}`,
      source: "/t",
      type: "t",
      data: n,
    });
    const host = new ScriptedHost(
      workflowOf(`
def h(w, events): return [e["data"] for e in events]
on_event("t", h, batch = batch(10, "1m"))
`),
      { event: batchEvent({ workspace: "default", trigger: "w/h", run: "run_1" }, [event(1), event(2)]) },
    ).run();
    expect(host.machine.ending().output).toEqual([1, 2]);
  });

  it("loads files of the program from each other, each once", () => {
    const host = new ScriptedHost(
      workflowOf({
        "main.star":
          'load("lib/a.star", "a")\nload("//lib/b.star", bee = "b")\ndef h(w, ev): return [a(), bee()]\non_event("t", h)',
        "lib/a.star": 'load("./b.star", "b")\ndef a(): return ["a", b()]',
        "lib/b.star": 'load("../top.star", "top")\ndef b(): return top',
        "top.star": 'top = "top"',
      }),
    ).run();
    expect(host.machine.ending().output).toEqual([["a", "top"], "top"]);
  });

  it("finds a handler that another file defines", () => {
    const host = new ScriptedHost(
      workflowOf({
        "main.star": 'load("lib/a.star", "deploy")\non_event("t", deploy)',
        "lib/a.star": "def deploy(w, ev): return 7",
      }),
    ).run();
    expect(host.start.trigger).toMatchObject({ id: "test/deploy", handler: "lib/a.star:deploy" });
    expect(host.machine.ending().output).toBe(7);
  });

  it("knows json, math, time and struct", () => {
    const host = new ScriptedHost(
      workflowOf(
        'def h(w, ev): return [json.decode("[1]"), math.ceil(1.5), time.from_timestamp(0).year, struct(a = 1).a]\non_event("t", h)',
      ),
    ).run();
    expect(host.machine.ending().output).toEqual([[1], 2, 1970, 1]);
  });

  it("reports every mistake with its position", () => {
    expect(
      problems(
        `${handler}on_event(type = "", handler = h)\non_event(type = "a*b", handler = lambda w, e: 1)\non_event(type = "c", handler = h, name = "no name")\non_event(type = "c", handler = h, filter = "!")`,
        (filter) => (filter === "!" ? "no expression" : undefined),
      ),
    ).toEqual([
      "main.star:2:9 invalid-event-type",
      "main.star:3:9 invalid-event-type",
      "main.star:3:9 invalid-handler",
      "main.star:4:9 invalid-name",
      "main.star:5:9 invalid-filter",
      "main.star:5:9 duplicate-trigger",
    ]);
  });

  it.each([
    ["syntax", "def h(w, ev:\n  pass", /^main\.star:1:12 /],
    ["unknown names", `${handler}on_event("a", hh)`, /^main\.star:2:15 /],
    ["a failure at top level", `${handler}x = 1 // 0\non_event("a", h)`, /^main\.star:2:7 eval-error/],
    ["a loop at top level", `${handler}x = ["x" * 9000000 for n in range(1000)]`, /budget-exceeded/],
    ["no trigger", handler, /^main\.star:1:1 no-triggers/],
    ["a trigger twice", `${handler}on_event("a", h)\non_event("b", h)`, /^main\.star:3:9 duplicate-trigger/],
    ["a builtin as handler", 'on_event("a", len)', /^main\.star:1:9 invalid-handler/],
    ["a text as handler", 'on_event("a", "h")', /^main\.star:1:9 eval-error/],
    ["a match that is no JSON", `${handler}on_event("a", h, match = {"x": h})`, /^main\.star:2:9 not-json/],
  ])("refuses %s", (_what, source, expected) => {
    expect(problems(source)[0]).toMatch(expected);
  });

  it("refuses files that are missing or load each other in a circle", () => {
    const entry = `load("a.star", "a", "b")\nload("a.star", "c")\n${handler}on_event("t", h)`;
    expect(problems({ "main.star": entry })).toEqual(["main.star:1:1 load-not-found"]);
    expect(
      problems({
        "main.star": entry,
        "a.star": 'load("b.star", "b")\na = b',
        "b.star": 'load("a.star", "a")\nb = a',
      }),
    ).toEqual(["b.star:1:1 load-cycle"]);
    expect(problems({ "other.star": entry })).toEqual(["main.star:1:1 no-entry"]);
    expect(problems({ "main.star": entry, "a.star": "def a(:" })[0]).toMatch(/^a\.star:1:/);
  });

  it("says why a file of another repository is missing, also where one of its own loads it", () => {
    const files = {
      "main.star": `load("git::https://x.test/r//lib/a.star@v1", "a")\n${handler}on_event("t", h)`,
      "git::https://x.test/r//lib/a.star@v1": 'load("b.star", "b")\na = b',
    };
    const whyUnreachable = (file: string) =>
      file === "git::https://x.test/r//lib/b.star@v1" ? "no answer" : undefined;
    const loaded = loadWorkflow({ entry: "main.star", files }, { sha256Hex, whyUnreachable });
    expect(loaded).toMatchObject({
      error: {
        details: {
          diagnostics: [
            { code: "load-unreachable", message: "no answer", file: Object.keys(files)[1], line: 1 },
          ],
        },
      },
    });
  });

  it("refuses more than 512 KiB of sources", () => {
    expect(problems(`${handler}# ${"é".repeat(300_000)}`)).toEqual(["main.star:1:1 too-large"]);
  });

  it("refuses to declare a trigger while a run is on", () => {
    const host = new ScriptedHost(workflowOf('def h(w, ev): on_event("x", h)\non_event("t", h)')).run();
    expect(host.machine.ending().error?.code).toBe("TriggerInHandler");
  });

  it("never throws for whatever the sources are", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("main.star", "a.star", "__proto__"), fc.string()),
        (files) => {
          expect(load(files).ok).toBe(false);
        },
      ),
    );
  });
});

describe("a program's digest", () => {
  it("is the same whatever the order of files, and another when any text, name or the entry differs", () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string(), { minKeys: 1 }),
        name,
        fc.string({ minLength: 1 }),
        (files, entry, more) => {
          const of = (sources: Parameters<typeof programDigest>[0]) => programDigest(sources, sha256Hex);
          const digest = of({ entry, files });
          expect(of({ entry, files: Object.fromEntries(Object.entries(files).reverse()) })).toBe(digest);
          expect(of({ entry: `${entry}x`, files })).not.toBe(digest);
          const [first = ""] = Object.keys(files);
          expect(of({ entry, files: { ...files, [first]: files[first] + more } })).not.toBe(digest);
        },
      ),
    );
  });
});

describe("the file that a load means", () => {
  it.each([
    ["a.star", "main.star", "a.star"],
    ["./a.star", "lib/x/main.star", "lib/x/a.star"],
    ["../a.star", "lib/x/main.star", "lib/a.star"],
    ["//lib/a.star", "deep/down/main.star", "lib/a.star"],
    ["../../a.star", "lib/main.star", undefined],
    ["//../a.star", "main.star", undefined],
    ["git::https://host/org/repo//a.star@v1", "main.star", "git::https://host/org/repo//a.star@v1"],
    ["b.star", "git::https://host/org/repo//lib/a.star@v1", "git::https://host/org/repo//lib/b.star@v1"],
    ["//b.star", "git::https://host/org/repo//lib/a.star@v1", "git::https://host/org/repo//b.star@v1"],
    ["../../b.star", "git::https://host/org/repo//lib/a.star@v1", undefined],
    ["git::https://host/org/repo//a.star", "main.star", undefined],
    ["git::http://host/org/repo//a.star@v1", "main.star", undefined],
    ["git::https://host/org/repo//../a.star@v1", "main.star", undefined],
    ["git::https://host/org/repo//a.star@--upload-pack=x", "main.star", undefined],
    ["https://host/a.star", "main.star", undefined],
    ["..\\a.star", "lib/main.star", undefined],
    ["", "main.star", undefined],
  ])("%s in %s is %s", (module, from, expected) => {
    expect(loadedFile(module, from)).toBe(expected);
  });
});
