// Whose call, form or signal a test means by `run=`.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const definitions = `
def held(w, ev):
    w.run(step = "example.com/a@v1", inputs = {"n": ev["data"]})

def asked(w, ev):
    return w.form("Go?", {"ok": "boolean"})["ok"]

def told(w, ev):
    return w.wait_for_signal("go")["data"]
`;
const before = `
t.on_run("example.com/a", holds = True)
a, b = [t.start(held, n) for n in range(2)]
c, d = [t.start(asked) for _ in range(2)]
e, f = [t.start(told) for _ in range(2)]
`;
const reportAfter = (body: string) => reportOf(before + body, definitions);

describe("run=", () => {
  test("is the id of a run, as an approval has it", () =>
    expect(
      reportAfter(`
t.approve(run = t.approvals[1].run)
t.deny(run = a.id)
t.fill({"ok": True}, run = d.id)
t.signal("go", 1, run = f.id)
t.cancel(run = e.id)
assert.eq([run.state for run in t.runs], ["failed", "succeeded", "waiting", "succeeded", "cancelled", "succeeded"])`)
        .failure,
    ).toBeUndefined());

  test("is a run itself", () =>
    expect(
      reportAfter(`
t.approve(run = b)
t.fill({"ok": True}, run = d)
t.signal("go", 1, run = f)
assert.eq([run.state for run in t.runs], ["waiting", "succeeded"] * 3)`).failure,
    ).toBeUndefined());

  test.each([
    ["t.approve(run = %)", '"nonsense"'],
    ["t.deny(run = %)", "1"],
    ['t.fill({"ok": True}, run = %)', "t.approvals[0]"],
    ['t.signal("go", 1, run = %)', "{}"],
    ["t.cancel(run = %)", '""'],
  ])("refuses anything else: %s", (call, given) => {
    const { failure } = reportAfter(call.replace("%", given));
    expect(failure?.code).toBe("UnknownRun");
    expect(failure?.message).toContain("want a run, or the id of one of the test's runs");
  });
});
