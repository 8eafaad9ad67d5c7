import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkFilter } from "../../src/events/filter.ts";
import { checkKey } from "../../src/events/key.ts";
import {
  applyFixes,
  checkProgram,
  type Finding,
  type RuleId,
  rules,
} from "../../src/workflow/check/index.ts";
import { declaredHandler, programText } from "./check-programs.ts";

const options = { sha256Hex: (text: string) => `digest of ${text.length}`, checkFilter, checkKey };

function findings(source: string, libraries: Record<string, string> = {}): Finding[] {
  return checkProgram({ entry: "main.star", files: { "main.star": source, ...libraries } }, options).findings;
}

/** What is found, as "line:column rule". */
function found(source: string, libraries: Record<string, string> = {}): string[] {
  return findings(source, libraries).map(({ file, line, column, code }) =>
    file === "main.star" ? `${line}:${column} ${code}` : `${file}:${line}:${column} ${code}`,
  );
}

/** A handler with these lines for a body; they begin in line 3. */
const handler = declaredHandler;

/** One program for each rule that breaks it and nothing else, and where. */
const broken: Record<RuleId, [source: string, expected: string]> = {
  "unknown-attribute": [handler("w.slep(minutes = 1)"), "3:7"],
  "missing-argument": [handler("w.run()"), "3:11"],
  "unknown-argument": [handler('w.run(stpe = "./x")'), "3:11"],
  "surplus-argument": [handler("w.sleep(30)"), "3:13"],
  "wrong-argument-type": [handler('w.run(step = "./x", inputs = [1])'), "3:34"],
  "invalid-duration": [handler('w.run(step = "./x", timeout = "5 min")'), "3:35"],
  "invalid-reference": [handler('w.run(step = "gitlab.com/cd/reconcile")'), "3:18"],
  "invalid-event-type": [handler('w.wait_for_event("a*b")'), "3:22"],
  "invalid-filter": [handler('w.wait_for_event("a", filter = "event.data ==")'), "3:36"],
  "invalid-key": [`${handler("pass")}\nx = concurrency(key = "event.")\n`, "6:23"],
  "invalid-sensitive": [handler('w.run("./x", {"token": ev}, sensitive = ["tokn"])'), "3:46"],
  "invalid-retry": [handler('w.run(step = "./x", retry = {"attemps": 3})'), "3:33"],
  "invalid-choice": [handler('w.parallel([], on_error = "stop")'), "3:31"],
  "handler-signature": [
    'def f(w):\n    """Doc."""\n    w.log("x")\n\non_event(type = "a", handler = f)\n',
    "1:1",
  ],
  "called-too-early": [handler('w.attempt(w.run(step = "./x"))'), "3:15"],
  "duplicate-key": [handler('w.log({"a": 1, "a": 2})'), "3:20"],
  "captured-loop-variable": [handler("w.parallel([lambda: w.log(x) for x in [1, 2]])"), "3:17"],
  "unused-load": [`load("lib.star", "f")\n\n${handler("pass")}`, "1:19"],
  "unused-variable": [handler("x = 1\npass"), "3:5"],
  "unused-function": [`${handler("pass")}\ndef _f():\n    pass\n`, "6:5"],
  "unused-result": [handler("w.now()"), "3:5"],
  "discarded-comparison": [handler('ev["id"] == 1'), "3:5"],
  "unreachable-code": [handler("return\nw.log(1)"), "4:5"],
  "shadowed-builtin": [handler("len = 1\nw.log(len)"), "3:5"],
  "inconsistent-indentation": [
    'def f(w, ev):\n        """Doc."""\n\tw.log(1)\n\non_event(type = "a", handler = f)\n',
    "3:2",
  ],
  "missing-docstring": ['def f(w, ev):\n    w.log(1)\n\non_event(type = "a", handler = f)\n', "1:5"],
  "docstring-mismatch": [
    'def f(w, ev):\n    """Doc.\n\n    Args:\n      event: it.\n    """\n    w.log(1)\n\non_event(type = "a", handler = f)\n',
    "2:5",
  ],
  "unknown-rule": [handler("w.log(1)  # sluice: ignore[unused-reslut]"), "3:15"],
  "unused-ignore": [handler("w.log(1)  # sluice: ignore[unused-result]"), "3:15"],
};
const library = { "lib.star": 'def f():\n    """Doc."""\n' };

describe("every rule finds what it is for, there and nowhere else", () => {
  test.each(Object.entries(broken))("%s", (rule, [source, place]) => {
    expect(found(source, rule === "unused-load" ? library : {})).toEqual([`${place} ${rule}`]);
  });

  test.each(Object.entries(broken).filter(([rule]) => !/ignore|unknown-rule/.test(rule)))(
    "%s is ignored by a comment",
    (rule, [source, place]) => {
      const lines = source.split("\n");
      const line = Number(place.split(":")[0]);
      lines[line - 1] += `  # sluice: ignore[${rule}]`;
      // A comment inside a docstring is text.
      if (rule === "docstring-mismatch")
        lines.splice(1, 1, "    # sluice: ignore[docstring-mismatch]", '    """Doc.');
      expect(found(lines.join("\n"), rule === "unused-load" ? library : {})).toEqual([]);
    },
  );
});

describe("the workflow object is known wherever it is handed on to", () => {
  test.each([
    ["by the name w", "def f(w):\n    w.slep()\n"],
    [
      "to the first parameter of a handler",
      'def f(wf, ev):\n    wf.slep()\non_event(type = "a", handler = f)\n',
    ],
    ["to another function", "def f(w):\n    g(w)\ndef g(wf):\n    wf.slep()\n"],
    ["by keyword", "def f(w):\n    g(1, wf = w)\ndef g(a, wf):\n    wf.slep(a)\n"],
    ["by w.spawn", "def f(w):\n    w.spawn(g, 1, w)\ndef g(a, wf):\n    wf.slep(a)\n"],
    [
      "by the name of a parameter of w.defer",
      "def f(w):\n    w.defer(g, 1, wf = w)\ndef g(a, wf):\n    wf.slep(a)\n",
    ],
    ["by w.lock", 'def f(w):\n    w.lock("k", g, 1, w, limit = 2)\ndef g(a, wf):\n    wf.slep(a)\n'],
    ["by the branches of w.parallel", "def f(w):\n    w.parallel([(g, w)])\ndef g(wf):\n    wf.slep()\n"],
    [
      "by a comprehension of branches",
      "def f(w):\n    w.race([(g, w, x) for x in [1]])\ndef g(wf, x):\n    wf.slep(x)\n",
    ],
    ["to a lambda", "def f(w):\n    w.attempt(lambda: w.slep())\n"],
    ["under another name", "def f(w):\n    wf = w\n    wf.slep()\n"],
    [
      "through an inner function",
      "def f(w):\n    def g():\n        def h():\n            w.slep()\n        h()\n    g()\n",
    ],
  ])("%s", (_how, source) => {
    expect(found(source).filter((text) => text.includes("unknown-attribute"))).toHaveLength(1);
  });

  test("to a function of another file", () => {
    const source = `load("lib.star", "g")\n\n${handler("g(w, 1)")}`;
    const lib = { "lib.star": 'def g(flow):\n    """Doc."""\n    flow.slep()\n' };
    expect(found(source, lib)).toEqual(["5:10 surplus-argument", "lib.star:3:10 unknown-attribute"]);
  });

  test("but a w that gets something else is something else", () => {
    expect(found('def _f(w):\n    return w.upper()\n\nX = _f("a")\n')).toEqual([]);
    expect(found("X = sorted([], key = lambda w: w.lower())\n")).toEqual([]);
  });
});

describe("a call that another function makes is checked as if it stood there", () => {
  test.each([
    ["w.spawn(helper)", "missing-argument", "helper: missing argument for a"],
    ["w.spawn(helper, b = 1)", "missing-argument", "helper: missing argument for a"],
    ["w.spawn(helper, 1, c = 2)", "unknown-argument", "helper: there is no parameter c"],
    ["w.defer(helper, 1, a = 2)", "surplus-argument", "helper: a is given twice"],
    ["w.attempt(helper, 1, 2, 3)", "surplus-argument", "helper: takes at most 2 positional arguments"],
    ["w.attempt(lambda: 1, n = 1)", "unknown-argument", "the lambda: there is no parameter n"],
    ['w.lock("k", helper, limit = 2)', "missing-argument", "helper: missing argument for a"],
    ["w.parallel([(helper, 1, 2, 3)])", "surplus-argument", "helper: takes at most 2 positional arguments"],
    ['w.defer(w.run, stp = "./x")', "unknown-argument", "w.run: there is no parameter stp"],
    ['w.attempt(w.run, step = "x")', "invalid-reference", "w.run: "],
    [
      "w.spawn(w.sleep_until, 5)",
      "wrong-argument-type",
      "w.sleep_until: for parameter time: got int, want time.time",
    ],
    ['w.spawn(w.sleep, "1h")', "surplus-argument", "w.sleep: takes no positional arguments"],
  ])("%s", (call, rule, message) => {
    const source = `def helper(a, b = 0):\n    return [a, b]\n\n${handler(call)}`;
    expect(findings(source)).toEqual([
      expect.objectContaining({ code: rule, message: expect.stringContaining(message) }),
    ]);
  });

  test.each([
    "w.spawn(helper, 1, b = 2)",
    "w.defer(helper, b = 1, a = 2)",
    "k = {}\nw.attempt(helper, **k)",
    'w.lock("k", helper, 1, timeout = "1h")',
    'w.lock(key = "k", fn = lambda: 1)',
    'w.attempt(w.run, step = "./x", inputs = {})',
    'w.sleep_until(time.parse_time(ev["data"]["at"]))',
  ])("%s is in order", (call) => {
    expect(found(`def helper(a, b = 0):\n    return [a, b]\n\n${handler(call)}`)).toEqual([]);
  });
});

describe("nothing is said where nothing is certain", () => {
  test.each([
    ["arguments that only the run knows", 'w.run(step = ev["step"], inputs = ev["in"], timeout = ev["t"])'],
    ["text that is put together", 'w.run(step = "./" + ev["x"], inputs = {"a": "%s" % ev})'],
    ["arguments with stars", "a = [1]\nk = {}\nw.run(*a, **k)"],
    ["None for what may be absent", 'w.run(step = "./x", timeout = None, inputs = None)'],
    ["a lambda that is called at once in a loop", "for x in [1]:\n    w.attempt(lambda: w.log(x))"],
    ["a loop's variable as a default", "w.parallel([lambda x = x: w.log(x) for x in [1, 2]])"],
    [
      "results that may be left alone",
      'w.wait_for_event("a")\nw.attempt(lambda: 1)\n[w.log(x) for x in [1]]',
    ],
    ["tasks in a race", "w.race([w.spawn(lambda: 1), lambda: 2])"],
    ["a name that is assigned twice", 'r = w.run\nr = ev["f"]\nr(1, 2, 3)'],
    ["a comment in a string", 'w.log("# sluice: ignore[nothing]")'],
    [
      "durations of every form",
      "w.wait_for_event(\"a\", timeout = time.minute)\nw.run(step = './x', timeout = 1.5)",
    ],
  ])("%s", (_what, body) => {
    expect(found(handler(body))).toEqual([]);
  });
});

describe("fixes", () => {
  const fixed = (source: string, libraries: Record<string, string> = library): string => {
    let text = source;
    for (let round = 0; round < 5; round++) {
      const own = findings(text, libraries).filter(({ file }) => file === "main.star");
      text = applyFixes(text, own).source;
    }
    return text;
  };

  test("take unused names out of a load, and the load when none is left", () => {
    expect(fixed(`load("lib.star", "f", "g")\n${handler("f()")}`)).toContain('load("lib.star", "f")\n');
    expect(fixed(`load("lib.star", "f", g = "f")\n${handler("g()")}`)).toContain(
      'load("lib.star", g = "f")\n',
    );
    expect(fixed(`load("lib.star", "f")\n${handler("pass")}`)).toBe(handler("pass"));
  });

  test("leave a load that may declare triggers", () => {
    const lib = { "lib.star": 'def f(w, ev):\n    """Doc."""\n\non_event(type = "b", handler = f)\n' };
    const source = `load("lib.star", "f")\n${handler("pass")}`;
    expect(fixed(source, lib)).toBe(source);
  });

  test("keep what the value of an unused variable calls", () => {
    expect(fixed(handler('x = w.run(step = "./x")'))).toBe(handler('w.run(step = "./x")'));
    expect(fixed(handler("x = 1\nw.log(2)"))).toBe(handler("w.log(2)"));
    expect(fixed(handler("if ev:\n    x = 1"))).toBe(handler("if ev:\n    pass"));
    expect(fixed(handler('x = ev["a"]'))).toBe(handler('x = ev["a"]'));
  });

  test("take comments away that ignore nothing", () => {
    expect(fixed(handler("w.log(1)  # sluice: ignore[unused-result]"))).toBe(handler("w.log(1)"));
  });

  test("leave programs that load as well as before", () => {
    fc.assert(
      fc.property(programText, (source) => {
        const errors = (text: string) => findings(text).filter(({ severity }) => severity === "error").length;
        const { source: after } = applyFixes(source, findings(source));
        expect(errors(after)).toBeLessThanOrEqual(errors(source));
      }),
      { numRuns: 150 },
    );
  });
});

describe("programs", () => {
  test("several syntax errors are told at once, with the findings of the files that are sound", () => {
    const source = 'load("lib.star", "f")\nx = = 1\ny = 2 3\n';
    expect(found(source, { "lib.star": "def f(w):\n    w.slep()\n" })).toEqual([
      "2:5 unexpected-token",
      "3:7 unexpected-token",
      "lib.star:1:5 missing-docstring",
      "lib.star:2:7 unknown-attribute",
    ]);
  });

  test("what registering would refuse is told too, once", () => {
    expect(found('load("gone.star", "f")\nf()\n')).toEqual(["1:1 load-not-found"]);
    expect(found(`${handler("pass")}on_event(type = "a", handler = handle, nam = 1)\n`)).toEqual([
      "5:40 unknown-argument",
    ]);
  });

  test("a file without triggers is a library, whose public functions want docstrings", () => {
    const source = "def f():\n    return _g()\n\ndef _g():\n    pass\n";
    const checked = checkProgram({ entry: "main.star", files: { "main.star": source } }, options);
    expect(checked.isLibrary).toBe(true);
    expect(checked.findings.map(({ code, line }) => `${line} ${code}`)).toEqual(["1 missing-docstring"]);
  });

  test("whatever the text, there is no internal error, and every place is in it", () => {
    const texts = fc.oneof(programText, fc.string({ unit: "binary", maxLength: 200 }));
    fc.assert(
      fc.property(texts, (source) => {
        const lines = source.split("\n").length;
        for (const { line, column, code } of findings(source)) {
          expect(line, code).toBeGreaterThanOrEqual(1);
          expect(line, code).toBeLessThanOrEqual(lines);
          expect(column, code).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("every rule has a title and help that people can read", () => {
    for (const [id, rule] of Object.entries(rules)) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
      expect(rule.help).toMatch(/\.$/);
    }
  });
});
