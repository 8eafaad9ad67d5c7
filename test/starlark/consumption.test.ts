/**
 * What programs take from their budgets is the same, to the step, wherever they run: this file runs in
 * node and in workerd against one record. After a change that is meant to cost more or less, record
 * anew: `vitest --update --config vitest.node.config.ts test/starlark/consumption.test.ts`.
 */
import { expect, test } from "vitest";
import { Budget, compile, initModule, StarlarkError } from "../../src/starlark/index.ts";
import { standardModules } from "../../src/starlark/library/modules.ts";

const dialect = { recursion: true, while: true, topLevelControl: true, globalReassign: true };

/** The start of each benchmark, and what those leave out. */
const programs: Readonly<Record<string, unknown>> = {
  ...import.meta.glob("../../bench/starlark/*.star", { query: "?raw", import: "default", eager: true }),
  "sort.star": `
values = [(i * 7919) % 1009 for i in range(400)]
tuples = [(v % 10, str(v)) for v in values]
sorted(tuples)
sorted(tuples, reverse = True)
sorted([v / 3 for v in values] + values)
sorted([[v % 7, (v,)] for v in values])
sorted(values, key = lambda v: (v % 3, -v))
max(tuples), min(values, key = lambda v: -v)
`,
  "collections.star": `
x = {(i, "k"): [i] for i in range(500)}
y = {k: v for k, v in x.items() if k[0] % 2}
x == y, x | y, list(x) == list(y), set(x) - set(y), set(range(100)) <= set(range(200))
repr(x), json.decode(json.encode({"a": [1, 2.5, None, "é" * 100]})), (1, 2) in x
[zip(range(10), enumerate(["a"])) for _ in range(10)]
1 << 500, (1 << 500) * (1 << 500) // 3, (1 << 500) % 7
`,
  "text.star": `
s = "a b,c\\r\\nd " * 200
s.split(), s.split(","), s.rsplit(" ", 3), s.splitlines(), s.replace("a", "bb"), s.title()
s.strip(" a"), s.count("b"), s.find("zz"), s.elems(), list(s.codepoints())[:3], hash(s)
"%s %r %d %x" % (s, s, 10, 255), "{} {a}".format(s, a = 1), base64.encode(s), hashlib.sha256(s)
int("123456789" * 20), str(int("9" * 300)), float("1.5"), bytes(s)
`,
};

const MAX_STEPS = 200_000;

test.each(Object.keys(programs).sort())("%s takes the steps and bytes that are on record", (path) => {
  const budget = new Budget({ maxSteps: MAX_STEPS });
  const predeclared = standardModules;
  const names = Object.keys(predeclared);
  const program = compile(String(programs[path]), { file: "program.star", dialect, predeclared: names });
  let end = "finished";
  try {
    initModule(program, { predeclared, budget });
  } catch (error) {
    if (!(error instanceof StarlarkError)) throw error;
    end = error.format();
  }
  expect({ steps: budget.stepsUsed, bytes: budget.bytesUsed, end }).toMatchSnapshot();
});
