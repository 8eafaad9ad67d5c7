import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
    const entry = `load("a.star", "a")\n${handler}on_event("t", h)`;
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
    ["git::https://host/org/repo//a.star@v1", "main.star", undefined],
    ["https://host/a.star", "main.star", undefined],
    ["..\\a.star", "lib/main.star", undefined],
    ["", "main.star", undefined],
  ])("%s in %s is %s", (module, from, expected) => {
    expect(loadedFile(module, from)).toBe(expected);
  });
});
