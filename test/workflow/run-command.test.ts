import { describe, expect, it } from "vitest";
import type { ApprovalId, CommandId, JobId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import { MAX_LOST_ATTEMPTS } from "../../src/workflow/limits.ts";
import { handlerOf, modes, outline, type Script, ScriptedHost } from "./scripted-host.ts";

const one = "0#1" as CommandId;
const failure = (code: string, more: object = {}): JobOutcome => ({
  error: { code, message: `it failed: ${code}`, ...more },
});

describe.each(modes)("a run command, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host.settle();
  };
  const call = (options: string) => `return w.run(step = "a.example/f@v1", inputs = {"n": 1}${options})`;
  const job = (attempt: number) => `${host0}~0-1~${attempt}` as JobId;
  const host0 = `run_${"0".repeat(31)}1`;

  it("returns the function's outputs, numbers as the ints and floats they are", () => {
    const host = start(
      `
      out = w.run(step = "a.example/f@v1")
      return [type(out["whole"]), type(out["half"]), out["list"], out["none"]]
      `,
      { functions: () => ({ ok: { whole: 3, half: 0.5, list: [1, "x"], none: null } }) },
    ).goOn();
    expect(host.machine.ending().output).toEqual(["int", "float", [1, "x"], null]);
  });

  it("asks for a job with what the script said, and a key that is the same for every attempt", () => {
    const host = start(call(', environment = "prod", timeout = "90s", tags = ["linux", "arm"]'), {
      policy: () => ({ verdict: "execute", environment: "prod" }),
      event: { traceparent: "00-abc-def-01" },
    });
    expect(host.jobs.get(job(1))?.job).toEqual({
      id: job(1),
      run: host0,
      command: one,
      attempt: 1,
      reference: "a.example/f@v1",
      inputs: { n: 1 },
      environment: "prod",
      timeoutMs: 90_000,
      queueTimeoutMs: 24 * 3600_000,
      tags: ["linux", "arm"],
      idempotencyKey: `${host0}#0#1`,
      traceparent: "00-abc-def-01",
    });
  });

  it("is attempted once when no retry is asked for", () => {
    const host = start(call(""), { functions: () => failure("Odd") }).goOn();
    expect(host.machine.ending().error?.code).toBe("Odd");
    expect(host.jobs.size).toBe(1);
  });

  it("is retried with growing delays up to the number of attempts, the last error being the run's", () => {
    const delays: number[] = [];
    const host = start(call(', retry = {"attempts": 5, "initial": 2, "factor": 3, "max": "20s"}'), {
      functions: (_reference, _inputs, attempt) => failure(`Attempt${attempt}`),
    });
    do {
      const [timer] = host.timers.values();
      if (timer?.kind === "retry") delays.push(timer.dueAt - host.now);
    } while (host.step());
    expect(delays).toEqual([2000, 6000, 18_000, 20_000]);
    expect(host.machine.ending().error?.code).toBe("Attempt5");
    expect([...host.jobs.values()].map((entry) => entry.job.idempotencyKey)).toEqual(
      Array.from({ length: 5 }, () => `${host0}#0#1`),
    );
  });

  it.each([
    ["the error says that it is not retryable", failure("Final", { retryable: false }), 1],
    ["its code is declared final", failure("NotFound"), 1],
    ["the runner says it was cancelled", failure("Cancelled"), 1],
    ["none of these", failure("Other"), 3],
  ])("is not retried when %s", (_what, outcome, attempts) => {
    const host = start(call(', retry = {"attempts": 3, "final": ["NotFound"]}'), {
      functions: () => outcome,
    }).goOn();
    expect(host.jobs.size).toBe(attempts);
    expect(host.finished).toBe("failed");
  });

  it("does not count an attempt whose runner died", () => {
    const host = start(call(""), {
      functions: (_reference, _inputs, attempt) => (attempt <= 3 ? "lost" : { ok: { attempt } }),
    }).goOn();
    expect(host.machine.ending().output).toEqual({ attempt: 4 });
  });

  it("fails when every runner dies", () => {
    const host = start(call(""), { functions: () => "lost" }).goOn();
    expect(host.machine.ending().error?.code).toBe("RunnerLost");
    expect(host.jobs.size).toBe(MAX_LOST_ATTEMPTS + 1);
  });

  it("counts an attempt that was lost because it ran past its timeout", () => {
    const host = start(call(', timeout = "10s"'), { functions: () => "never" });
    host.takeJob(job(1));
    host.now += 10_000;
    host.finishJob(job(1), "lost");
    expect(host.finished).toBe("failed");
  });

  it("goes by when the job ended, and not by when the run could be told", () => {
    const late = (timeout: string, minutes: number) => {
      const host = start(call(`, timeout = "${timeout}"`), { functions: () => "never" });
      host.takeJob(job(1));
      const at = host.now + minutes * 60_000;
      host.now += 3 * 3600_000;
      const error = { code: "RunnerLost", message: "its lease ran out" };
      host.feed({ type: "job_finished", command: one, attempt: 1, outcome: { error }, cause: "lost", at });
      return { jobs: host.jobs.size, finished: host.finished };
    };
    expect(late("1h", 1)).toEqual({ jobs: 2, finished: undefined });
    expect(late("1h", 60)).toEqual({ jobs: 1, finished: "failed" });
  });

  it("ends with the first outcome, whatever comes later", () => {
    const host = start(`${call("").replace("return", "out =")}\nw.sleep(days = 1)\nreturn out`, {
      functions: () => "never",
    });
    host.finishJob(job(1), { ok: { n: 1 } });
    const { length } = host.records;
    const late = { type: "job_finished", command: one, attempt: 1, cause: "completed" } as const;
    host.feed({ ...late, outcome: { ok: { n: 2 } } });
    host.feed({ ...late, outcome: failure("Late") });
    host.feed({ type: "job_taken", command: one, attempt: 1, runner: "late" });
    expect(host.records).toHaveLength(length);
    expect(host.goOn().machine.ending().output).toEqual({ n: 1 });
  });

  it("ignores an outcome of an attempt that was given up", () => {
    const host = start(call(", retry = 2"), { functions: () => "never" });
    host.finishJob(job(1), failure("Odd"));
    host.feed({
      type: "job_finished",
      command: one,
      attempt: 1,
      outcome: { ok: { n: 1 } },
      cause: "completed",
    });
    host.fireNextTimer();
    host.feed({
      type: "job_finished",
      command: one,
      attempt: 1,
      outcome: { ok: { n: 1 } },
      cause: "completed",
    });
    host.finishJob(job(2), { ok: { n: 2 } });
    expect(host.goOn().machine.ending().output).toEqual({ n: 2 });
  });

  it("is not attempted before its time by a timer that fires twice", () => {
    const host = start(call(", retry = 5"), { functions: () => failure("Odd") });
    host.step();
    host.fireNextTimer();
    host.step();
    expect(host.machine.activities()[0]).toMatchObject({ state: "retrying", attempt: 2 });
    expect(host.feed({ type: "timer", id: "retry:0#1:2" }).records).toEqual([]);
  });

  it("keeps the commit that the runner resolved the function to", () => {
    const host = start(call(""), { functions: () => ({ ok: {} }) }).goOn();
    expect(host.records.find(({ type }) => type === "completed")).toMatchObject({ resolved: "c0ffee" });
  });

  describe("with a deadline", () => {
    it("fails when an attempt outlasts it, and cancels the job", () => {
      const host = start(call(', deadline = "1m"'), { functions: () => "never" });
      host.fireNextTimer();
      expect(host.machine.ending().error?.code).toBe("DeadlineExceeded");
      expect(host.jobs.get(job(1))?.state).toBe("cancelled");
    });

    it("fails when nobody approves in time, and withdraws the approval", () => {
      const host = start(call(', deadline = "1m"'), {
        policy: () => ({ verdict: "hold" }),
        approve: () => "never",
      });
      host.fireNextTimer();
      expect(host.machine.ending().error?.code).toBe("DeadlineExceeded");
      expect([...host.approvals.values()].map(({ state }) => state)).toEqual(["withdrawn"]);
    });

    it("fails between attempts, and attempts no more", () => {
      const host = start(call(', deadline = "1m", retry = {"attempts": 9, "initial": "1h", "max": "1h"}'), {
        functions: () => failure("Odd"),
      });
      host.step();
      host.fireNextTimer();
      expect(host.machine.ending().error?.code).toBe("DeadlineExceeded");
      expect(host.timers.size).toBe(0);
    });

    it("lets go of the retry it cut off", () => {
      const host = start(
        'w.attempt(lambda: w.run(step = "a.example/f@v1", deadline = 60, retry = {"initial": "1h", "max": "1h"}))\nw.wait_for_event(type = "x")',
        { functions: () => failure("Odd") },
      );
      host.step();
      expect(host.timers.size).toBe(2);
      host.fireNextTimer();
      expect(host.machine.summary().waitingFor).toBe("waiting for an event x");
      expect(host.timers.size).toBe(0);
    });

    it("drops it when the command ends", () => {
      const host = start(
        `${call(', deadline = "1m"').replace("return ", "")}\nw.wait_for_event(type = "x")`,
      ).goOn();
      expect(host.machine.summary().state).toBe("waiting");
      expect(host.timers.size).toBe(0);
    });
  });

  describe("of a builtin", () => {
    const builtin = (options = "") =>
      `return w.run(step = "builtin://http", inputs = {"url": "u"}${options})`;

    it("is performed in process, and asks policy first", () => {
      const host = start(builtin(), {
        policy: ({ reference }) => ({ verdict: reference === "builtin://http" ? "execute" : "reject" }),
        builtins: (name, inputs) => ({ ok: { name, url: inputs.url ?? null } }),
      });
      expect(host.machine.ending().output).toEqual({ name: "http", url: "u" });
      expect(host.jobs.size).toBe(0);
    });

    it("fails the attempt at its timeout, and ignores what it comes back with later", () => {
      const host = start(builtin(', timeout = "5s", retry = 2'), { builtins: () => "never" });
      host.fireNextTimer();
      host.feed({ type: "builtin_finished", command: one, attempt: 1, outcome: { ok: {} } });
      expect(host.machine.summary().state).toBe("waiting");
      host.fireNextTimer();
      host.feed({ type: "timer", id: "attempt_timeout:0#1:1" });
      expect(host.machine.activities()[0]).toMatchObject({ state: "running", attempt: 2 });
      host.fireNextTimer();
      expect(host.machine.ending().error).toMatchObject({ code: "Timeout" });
    });

    it("is still pending after its actor lost its memory", () => {
      const host = start(builtin(), { builtins: () => "never" });
      host.loseMemory();
      expect(host.machine.pendingEffects()).toEqual([
        { kind: "call_builtin", command: one, attempt: 1, name: "http", inputs: { url: "u" } },
      ]);
    });
  });

  describe("that is too large", () => {
    it("fails at the call when the arguments are more than 1 MiB, without a record", () => {
      const host = start(
        `
        r = w.attempt(w.run, "a.example/f@v1", {"x": "é" * 600000})
        return [r.error.code, r.error.details["limit"]]
        `,
      ).goOn();
      expect(host.machine.ending().output).toEqual(["PayloadTooLarge", 1024 * 1024]);
      expect(outline(host.records)).toEqual(["run : started", "run : finished"]);
    });

    it("is no outcome whose members are numbers, which takes no more in the journal than as JSON", () => {
      const rows = Array.from({ length: 120_000 }, () => ({ "1": 0 }));
      const host = start('return len(w.run("a.example/f@v1")["rows"])', {
        functions: () => ({ ok: { rows } }),
      }).goOn();
      expect(host.machine.ending().output).toBe(120_000);
      expect(JSON.stringify(host.records).length).toBeLessThan(1024 * 1024);
    });

    it("fails without a retry when the outcome is too much for the journal, though not as JSON", () => {
      const rows = Array.from({ length: 60_000 }, () => ({ $starlark: 0 }));
      const host = start(call(", retry = 5"), { functions: () => ({ ok: { rows } }) }).goOn();
      expect(host.machine.ending().error).toMatchObject({
        code: "PayloadTooLarge",
        details: { limit: 1.5 * 1024 * 1024 },
      });
      expect(host.jobs.size).toBe(1);
    });

    it("fails without a retry when the outcome is more than 1 MiB", () => {
      const host = start(call(", retry = 5"), {
        functions: () => ({ ok: { x: "y".repeat(1024 * 1024) } }),
      }).goOn();
      expect(host.machine.ending().error?.code).toBe("PayloadTooLarge");
      expect(host.jobs.size).toBe(1);
    });

    it("fails when the outcome is nested too deep for anything to read it", () => {
      const deep = JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`);
      const host = start(call(""), { functions: () => ({ ok: { deep } }) }).goOn();
      expect(host.machine.ending().error?.code).toBe("PayloadTooDeep");
    });
  });

  describe("held by policy", () => {
    const held: Script = {
      policy: ({ approvals }) => ({
        verdict: approvals.length < 2 ? "hold" : "execute",
        environment: "prod",
        reasons: [`${2 - approvals.length} more`],
      }),
      functions: () => ({ ok: { done: true } }),
      approve: () => "never",
    };
    const pending = (host: ScriptedHost) =>
      [...host.approvals.values()].find(({ state }) => state === "pending")?.id as ApprovalId;

    it("opens one approval per round, and asks again with all that was said", () => {
      const asked: number[] = [];
      const host = start(call(""), {
        ...held,
        policy: (decide) => {
          asked.push(decide.approvals.length);
          return { verdict: decide.approvals.length < 2 ? "hold" : "execute" };
        },
      });
      host.resolve(pending(host), "approve", "bob");
      host.settle();
      host.resolve(pending(host), "approve", "eve", "go");
      host.goOn();
      expect(host.finished).toBe("succeeded");
      expect(Math.max(...asked)).toBe(2);
      expect(
        [...host.approvals.values()].map(({ id, state, resolvedBy, reasons }) => [
          id,
          state,
          resolvedBy,
          reasons.length,
        ]),
      ).toEqual([
        [`${host0}~0-1~1`, "approved", "bob", 1],
        [`${host0}~0-1~2`, "approved", "eve", 1],
      ]);
    });

    it("refuses the initiator's approval, but not their denial", () => {
      const host = start(call(""), held);
      expect(host.resolve(pending(host), "approve", "ann").refused?.code).toBe("self_approval");
      expect(host.approvals.get(pending(host))?.state).toBe("pending");
      host.resolve(pending(host), "deny", "ann");
      host.settle();
      expect(host.machine.ending().error?.code).toBe("ApprovalDenied");
    });

    it("refuses a second resolution, and one of what never was", () => {
      const host = start(call(""), held);
      const id = pending(host);
      host.resolve(id, "approve");
      expect(host.resolve(id, "deny").refused?.code).toBe("already_resolved");
      expect(host.resolve("x" as ApprovalId, "approve").refused?.code).toBe("approval_not_found");
      expect(host.machine.approval(id)?.state).toBe("approved");
    });

    it("executes after a denial only when policy says so all the same", () => {
      const host = start(call(""), {
        ...held,
        policy: ({ approvals }) => ({ verdict: approvals.length === 0 ? "hold" : "execute" }),
      });
      host.resolve(pending(host), "deny");
      expect(host.goOn().finished).toBe("succeeded");
    });

    it("keeps every decision with bundle, input and reasons", () => {
      const host = start(call(""), held);
      expect(
        host.records.find((record) => record.type === "noted" && record.note === "policy_decision"),
      ).toMatchObject({
        command: one,
        data: {
          round: 1,
          verdict: "hold",
          reasons: ["2 more"],
          bundle: "bundle-1",
          environment: "prod",
          trustScore: 0.5,
          input: { approvals: 0 },
        },
      });
    });

    it("fails with the refusal when nobody can tell what governs the call", () => {
      const host = start(call(""), {
        policy: () => ({ ok: false, error: { code: "ambiguous_environment", message: "two match" } }),
      });
      expect(host.machine.ending().error).toEqual({ code: "ambiguous_environment", message: "two match" });
    });

    it("ignores an answer to an earlier round", () => {
      const host = start(call(""), held);
      host.resolve(pending(host), "approve");
      const result = host.feed({
        type: "policy_decided",
        command: one,
        round: 1,
        result: { ok: false, error: { code: "late", message: "late" } },
      });
      expect(result.records).toEqual([]);
    });
  });

  it("reports a deployment when it succeeded in an environment with app and revision", () => {
    const body = `
      w.run(step = "a.example/f@v1", inputs = {"app": "shop", "revision": "7"})
      w.run(step = "a.example/f@v1", inputs = {"app": "shop"})
      w.attempt(w.run, "a.example/bad@v1", {"app": "shop", "revision": "8"})
    `;
    const host = start(body, {
      policy: () => ({ verdict: "execute", environment: "prod" }),
      functions: (reference) => (reference.includes("bad") ? failure("Odd") : { ok: {} }),
    }).goOn();
    expect(host.deployments).toEqual([
      {
        kind: "record_deployment",
        environment: "prod",
        command: one,
        app: "shop",
        revision: "7",
        function: "a.example/f@v1",
        by: "ann",
        at: expect.any(Number),
      },
    ]);
    expect(host.machine.summary().environments).toEqual(["prod"]);
  });

  it("reports a deployment of the time when its job ended, however late the run is told", () => {
    const body = 'w.run(step = "a.example/f@v1", inputs = {"app": "shop", "revision": "7"})';
    const host = start(body, {
      policy: () => ({ verdict: "execute", environment: "prod" }),
      functions: () => "never",
    });
    const at = host.now;
    host.now += 3600_000;
    const ending = { outcome: { ok: {} }, cause: "completed", at } as const;
    host.feed({ type: "job_finished", command: one, attempt: 1, ...ending });
    expect(host.deployments).toMatchObject([{ revision: "7", at }]);
  });
});
