// Branches side by side: w.parallel.
import { describe, expect, it, vi } from "vitest";
import { fiberScenes } from "./fiber-scenes.ts";
import { modes } from "./scripted-host.ts";

// A busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)("w.parallel, $mode", ({ replayEveryTime }) => {
  const { begin, output, errorOf, queued, jobOf, finish } = fiberScenes(replayEveryTime);

  it("runs its branches side by side and returns their results in order, whoever ends first", () => {
    const host = begin(`
      return w.parallel([lambda: run(w, "a", 1), (run, w, "b", 2), (run, w, "c", 3)])
    `);
    expect(queued(host)).toEqual(["0.1#1", "0.2#1", "0.3#1"]);
    finish(host, "0.3#1", { n: "c" });
    finish(host, "0.1#1", { n: "a" });
    expect(host.finished).toBeUndefined();
    finish(host, "0.2#1", { n: "b" });
    expect(host.machine.ending().output).toEqual([{ n: "a" }, { n: "b" }, { n: "c" }]);
  });

  it("gives each fiber its number in the order of creation, however deep", () => {
    const host = begin(`
      def inner(name):
          return w.parallel([(run, w, name), (run, w, name)])
      w.parallel([(inner, "a"), lambda: run(w, "x"), (inner, "b")])
      run(w, "last")
      w.parallel([lambda: run(w, "y")])
    `).goOn();
    const commands = host.records.flatMap((record) => (record.type === "scheduled" ? [record.command] : []));
    expect([...commands].sort()).toEqual([
      "0#1",
      "0.1.1#1",
      "0.1.2#1",
      "0.2#1",
      "0.3.1#1",
      "0.3.2#1",
      "0.4#1",
    ]);
    expect(host.finished).toBe("succeeded");
  });

  it("runs no more than `limit` at a time, and starts the next as soon as one has ended", () => {
    const host = begin(`
      return [r["n"] for r in w.parallel([(run, w, "x", n) for n in range(5)], limit = 2)]
    `);
    expect(queued(host)).toEqual(["0.1#1", "0.2#1"]);
    finish(host, "0.2#1", { n: 1 });
    expect(queued(host)).toEqual(["0.1#1", "0.3#1"]);
    host.goOn();
    expect(host.machine.ending().output).toEqual([0, 1, 2, 3, 4]);
  });

  it("goes on with the others when one fails, and then raises the error of the first that failed", () => {
    const host = begin(`
      def slow(n):
          w.sleep(seconds = n)
          fail("branch", n)
      w.parallel([(slow, 2), (slow, 1), (run, w, "ok")])
    `).goOn();
    expect(host.machine.ending().error?.message).toBe("fail: branch 1");
    expect(host.log.join("\n")).toContain("fiber 0.1 failed too: Traceback");
    expect([...host.jobs.values()].map(({ state }) => state)).toEqual(["finished"]);
  });

  it("cancels the others when one fails and `on_error` says so, and waits for their cleanup", () => {
    const host = begin(
      `
      result = w.attempt(w.parallel, [
          (careful, w, "a"),
          lambda: w.wait_for_event(type = "never"),
          (fails, w, "b"),
          lambda: w.sleep(days = 1),
      ], on_error = "cancel")
      return result.error.message
    `
        .replace("w.attempt(w.parallel, [", "w.attempt(lambda: w.parallel([")
        .replace('"cancel")', '"cancel"))'),
      { functions: (reference) => (reference.includes("/a@") ? "never" : { ok: {} }) },
    );
    finish(host, "0.3#1");
    expect(jobOf(host, "0.1#1").state).toBe("cancelled");
    expect(host.waits.size).toBe(0);
    expect(host.timers.size).toBe(0);
    expect(queued(host)).toEqual(["0.1#2"]);
    expect(host.finished).toBeUndefined();
    finish(host, "0.1#2");
    expect(host.machine.ending().output).toBe("fail: b");
  });

  it("never starts what is left over when one fails and `on_error` says so", () => {
    const host = begin(`
      w.parallel([(fails, w, "first")] + [(run, w, "x", n) for n in range(5)], limit = 1, on_error = "cancel")
    `).goOn();
    expect(host.machine.ending().error?.message).toBe("fail: first");
    expect([...host.jobs.values()]).toHaveLength(1);
  });

  it("lets branches share what they change, the same on every replay", () => {
    expect(
      output(`
        seen = []
        def branch(n):
            seen.append("begin %d" % n)
            w.sleep(seconds = 10 - n)
            seen.append("end %d" % n)
            return len(seen)
        lengths = w.parallel([(branch, n) for n in range(3)])
        return lengths, seen
      `),
    ).toEqual([
      [6, 5, 4],
      ["begin 0", "begin 1", "begin 2", "end 2", "end 1", "end 0"],
    ]);
  });

  it("returns at once when there is nothing to do, and takes branches that do nothing that waits", () => {
    expect(output("return w.parallel([]), w.parallel([lambda: 1, lambda: w.uuid() != w.uuid()])")).toEqual([
      [],
      [1, true],
    ]);
  });

  it("says what is wrong with its arguments", () => {
    expect(errorOf("w.parallel([1])")).toMatchObject({
      code: "InvalidBranch",
      message: "parallel: branch 0 is int, want a function, or a tuple of a function and its arguments",
    });
    expect(errorOf("w.parallel(run)")?.code).toBe("InvalidBranch");
    expect(errorOf("w.parallel([(1, 2)])")?.code).toBe("InvalidBranch");
    expect(errorOf('w.parallel([lambda: 1], on_error = "ignore")')?.code).toBe("InvalidOnError");
    expect(errorOf("w.parallel([lambda: 1], limit = 0)")?.code).toBe("InvalidLimit");
  });

  it("shows in the traceback where it was called and where the branch failed", () => {
    const host = begin(`
      def branch():
          fail("no")
      w.parallel([branch])
    `).goOn();
    const traceback = host.machine.ending().traceback ?? "";
    expect(traceback.split("\n").filter((line) => line.includes("in "))).toEqual([
      expect.stringContaining("in handler"),
      expect.stringContaining("in branch"),
      expect.stringContaining("in fail"),
    ]);
    expect(traceback).toContain("w.parallel([branch])");
  });
});
