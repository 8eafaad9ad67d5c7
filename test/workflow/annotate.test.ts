import { describe, expect, it } from "vitest";
import { handlerOf, modes, type Script, ScriptedHost } from "./scripted-host.ts";

describe.each(modes)("what a run says about itself, $mode", ({ replayEveryTime }) => {
  const run = (body: string, script: Script = {}) =>
    new ScriptedHost(handlerOf(body), { replayEveryTime, ...script }).run();
  const failure = (body: string) => run(body).machine.ending().error;

  it("is in its summary while it goes, the last of each name", () => {
    const host = new ScriptedHost(
      handlerOf(`
        w.set_status("building")
        w.set_status("deploying")
        w.set_progress(1)
        w.set_progress(2.5, 10)
        w.set_label("service", "shop")
        w.set_label("region", "eu")
        w.set_label("region", "us")
        w.set_label("draft", "yes")
        w.set_label("draft", None)
        w.set_output("url", {"canary": "https://example.com"})
        w.set_output("url", ["https://example.org"])
        w.sleep(days = 1)
      `),
      { replayEveryTime },
    );
    host.feed({ type: "start" });
    host.loseMemory();
    expect(host.machine.summary()).toMatchObject({
      state: "waiting",
      status: "deploying",
      progress: { done: 2.5, total: 10 },
      labels: { service: "shop", region: "us" },
    });
    expect(Object.keys(host.machine.summary().labels ?? {})).toEqual(["service", "region"]);
    expect(host.machine.outputs()).toEqual({ url: ["https://example.org"] });
  });

  it("is absent where nothing was said", () => {
    const summary = run("pass").machine.summary();
    expect(Object.keys(summary)).not.toEqual(expect.arrayContaining(["status"]));
    expect(summary).not.toHaveProperty("labels");
    expect(summary).not.toHaveProperty("progress");
  });

  it("is said by every fiber, in the order of the journal", () => {
    const host = run(`
      def say(n):
          w.sleep(seconds = 3 - n)
          w.set_status("branch %d" % n)
      w.parallel([(say, n) for n in range(3)])
    `);
    expect(host.machine.summary().status).toBe("branch 0");
  });

  it.each([
    ['w.set_label("no spaces", "x")', "InvalidName"],
    ['w.set_label("k", "x" * 201)', "InvalidLabel"],
    ['w.set_output("", 1)', "InvalidName"],
    ['w.set_output("o", "x" * 70000)', "PayloadTooLarge"],
    ['w.set_output("o", lambda: 1)', "NotJson"],
    ["w.set_progress(-1)", "InvalidProgress"],
    ['w.set_progress(1, float("nan"))', "InvalidProgress"],
    ['[w.set_label("k%d" % n, "v") for n in range(33)]', "TooManyLabels"],
    ['[w.set_output("k%d" % n, n) for n in range(101)]', "TooManyOutputs"],
  ])("refuses %s", (call, code) => {
    expect(failure(call)?.code).toBe(code);
  });

  it("cuts a long status instead of failing for it", () => {
    const { status = "" } = run('w.set_status("x" * 500)').machine.summary();
    expect(status).toHaveLength(200);
    expect(status.endsWith("…")).toBe(true);
  });

  it("counts a label again that was taken away", () => {
    const body = `
      for n in range(100):
          w.set_label("k%d" % n, "v")
          w.set_label("k%d" % n, None)
      w.set_label("last", "v")
    `;
    expect(run(body).machine.summary().labels).toEqual({ last: "v" });
  });
});
