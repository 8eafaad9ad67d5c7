// The invariants, held to by programs that nobody thought of: commands of every kind in every order, nested in
// attempts, locks and cleanup, that succeed, fail, lose their runners, are held, denied and cancelled.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { remains } from "./remains.ts";
import { type Script, ScriptedHost, workflowOf } from "./scripted-host.ts";

// Thousands of runs: a busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

type Step =
  | { op: "run"; what: "ok" | "fail" | "lost" | "held" | "denied" | "rejected" | "flaky"; builtin: boolean }
  | { op: "sleep" | "now" | "uuid" | "random" | "print" | "fail" }
  | { op: "wait"; comes: boolean }
  | { op: "attempt" | "defer" | "loop" | "spawn"; body: Step[] }
  | { op: "parallel"; bodies: Step[][]; limit: number; cancels: boolean }
  | { op: "race"; bodies: Step[][] }
  | { op: "await" | "cancel" }
  | { op: "select" | "signal" | "form"; comes: boolean }
  | { op: "lock"; key: string; body: Step[] }
  | {
      op: "child";
      workflow: "ok" | "broken" | "refused" | "slow";
      close: "wait" | "cancel" | "terminate" | "abandon";
    };

const { program } = fc.letrec<{ program: Step[]; step: Step }>((tie) => ({
  program: fc.array(tie("step"), { minLength: 2, maxLength: 6, depthIdentifier: "body" }),
  step: fc.oneof(
    { depthIdentifier: "body", maxDepth: 3 },
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant("run" as const),
        what: fc.constantFrom(
          ...(["ok", "ok", "fail", "lost", "held", "denied", "rejected", "flaky"] as const),
        ),
        builtin: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constantFrom("sleep" as const, "now", "uuid", "random", "print") }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("wait" as const), comes: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("fail" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constantFrom("attempt" as const, "attempt", "defer", "loop", "spawn", "spawn"),
        body: tie("program"),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant("parallel" as const),
        bodies: fc.array(tie("program"), { maxLength: 3 }),
        limit: fc.integer({ min: 1, max: 3 }),
        cancels: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("race" as const),
        bodies: fc.array(tie("program"), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom("await" as const, "cancel") }) },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constantFrom("select" as const, "signal", "form"),
        comes: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant("lock" as const),
        key: fc.constantFrom("left", "right"),
        body: tie("program"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("child" as const),
        workflow: fc.constantFrom(...(["ok", "broken", "refused", "slow"] as const)),
        close: fc.constantFrom(...(["wait", "wait", "cancel", "terminate", "abandon"] as const)),
      }),
    },
  ),
}));

/** The program as Starlark: a function per body, each told what the ones before it did. */
function sourceOf(steps: readonly Step[]): string {
  const functions: string[] = [];
  const define = (body: readonly Step[]): string => {
    const name = `f${functions.length}`;
    functions.push("");
    const index = functions.length - 1;
    functions[index] =
      `def ${name}(w, seen, tasks):\n${body.map((step) => `    ${line(step)}\n`).join("")}    return len(seen)\n`;
    return name;
  };
  const branches = (bodies: readonly Step[][]): string =>
    `[${bodies.map((body) => `(${define(body)}, w, seen, tasks)`).join(", ")}]`;
  const line = (step: Step): string => {
    switch (step.op) {
      case "run": {
        const where = step.builtin ? `builtin://${step.what}` : `a.example/${step.what}@v1`;
        return `seen.append(w.run(step = "${where}", inputs = {"n": len(seen)}, retry = 2, deadline = "30d"))`;
      }
      case "sleep":
        return "w.sleep(seconds = len(seen))";
      case "wait":
        return `seen.append(w.wait_for_event(type = "${step.comes ? "comes" : "never"}", timeout = "1h"))`;
      case "print":
        return 'print("seen", len(seen))';
      case "fail":
        return 'fail("at", len(seen))';
      case "attempt":
        return `seen.append(w.attempt(${define(step.body)}, w, seen, tasks).ok)`;
      case "defer":
        return `w.defer(${define(step.body)}, w, seen, tasks)`;
      case "spawn":
        return `tasks.append(w.spawn(${define(step.body)}, w, seen, tasks))`;
      case "await":
        return "seen.append(w.attempt(w.wait, tasks[len(seen) % len(tasks)]).ok if tasks else None)";
      case "cancel":
        return "[t.cancel() for t in tasks[len(seen) % 2:][:1]]";
      case "select": {
        const names = `["${step.comes ? "comes" : "never"}"]`;
        const given = `events = ${names}, signals = ${names}, timers = ["20m"], tasks = tasks[:2]`;
        return `seen.append(w.attempt(lambda: w.select(${given})).ok)`;
      }
      case "signal":
        return `seen.append(w.wait_for_signal("${step.comes ? "comes" : "never"}", timeout = "1h"))`;
      case "form":
        return `seen.append(w.form("${step.comes ? "comes" : "never"}", {"n": "number"}, timeout = "1h"))`;
      case "lock": {
        // Two fibers may wait for each other's: the timeout ends that.
        const locked = `w.lock("${step.key}", ${define(step.body)}, w, seen, tasks, timeout = "1h")`;
        return `seen.append(w.attempt(lambda: ${locked}).ok)`;
      }
      case "child": {
        const options = step.close === "wait" ? "" : `, wait = False, parent_close = "${step.close}"`;
        const child = `w.attempt(lambda: w.start("${step.workflow}", {"n": len(seen)}${options})).ok`;
        return `seen.append(w.race([lambda: ${child}, lambda: w.sleep(hours = 1)]).value)`;
      }
      case "parallel": {
        const options = `limit = ${step.limit}, on_error = "${step.cancels ? "cancel" : "wait"}"`;
        return `seen.append(w.attempt(lambda: w.parallel(${branches(step.bodies)}, ${options})).ok)`;
      }
      case "race":
        return `seen.append(w.race(${branches(step.bodies)}).index)`;
      case "loop":
        return `[${define(step.body)}(w, seen, tasks) for _ in range(2)]`;
      default:
        return `seen.append(w.${step.op}())`;
    }
  };
  const root = define(steps);
  return `${functions.reverse().join("\n")}\ndef handler(w, ev):\n    return ${root}(w, [], [])\n\non_event(type = "test", handler = handler)\n`;
}

const script: Script = {
  policy: ({ reference, approvals }) => {
    if (reference.includes("rejected")) return { verdict: "reject" };
    const isHeld = /held|denied/.test(reference) && approvals.length === 0;
    const isDenied = approvals.some(({ decision }) => decision === "deny");
    return { verdict: isHeld || isDenied ? "hold" : "execute", environment: "prod" };
  },
  functions: (reference, inputs, attempt) => {
    if (reference.includes("lost") && attempt < 3) return "lost";
    const fails = reference.includes("fail") || (reference.includes("flaky") && attempt === 1);
    return fails ? { error: { code: "Odd", message: "odd" } } : { ok: { n: inputs.n ?? null } };
  },
  builtins: (name, inputs) =>
    name.includes("fail") ? { error: { code: "Odd", message: "odd" } } : { ok: { n: inputs.n ?? null } },
  events: ({ type, command }) => (type === "comes" ? { id: command, type, data: {} } : undefined),
  signals: (name) => (name === "comes" ? { said: name } : undefined),
  fill: ({ title }) => (title === "comes" ? { n: 1 } : undefined),
  child: ({ subject, data = null }) => {
    if (subject === "broken") return { state: "failed", error: { code: "Odd", message: "odd" } };
    if (subject === "refused") return { refused: { code: "UnknownWorkflow", message: "nobody" } };
    return subject === "slow" ? "never" : { state: "succeeded", output: data };
  },
  approve: ({ function: reference }) => (reference.includes("denied") ? "deny" : "approve"),
};

/** Whether a run that is over has let go of everything: locks, forms, approvals, timers, waits. */
function nothingWaits({ timers, waits, held, forms, approvals }: ReturnType<typeof remains>): boolean {
  const isPending = ([, state]: unknown[]) => state === "pending";
  return timers + waits + held.length === 0 && !forms.some(isPending) && !approvals.some(isPending);
}

const cuts = fc.array(fc.tuple(fc.constantFrom("before", "after"), fc.integer({ min: 1, max: 40 })), {
  maxLength: 8,
});

describe("any program", () => {
  it("ends the same in memory, replayed every time, and with power cut anywhere", () => {
    fc.assert(
      fc.property(program, cuts, (steps, where) => {
        const workflow = workflowOf(sourceOf(steps));
        const expected = remains(new ScriptedHost(workflow, script).run());
        expect(expected.finished).toBeDefined();
        expect(nothingWaits(expected)).toBe(true);
        expect(remains(new ScriptedHost(workflow, { ...script, replayEveryTime: true }).run())).toEqual(
          expected,
        );
        const left = new Set(where.map(([when, write]) => `${when} ${write}`));
        const cut = new ScriptedHost(workflow, {
          ...script,
          cut: (write, when) => left.delete(`${when} ${write}`),
        });
        expect(remains(cut.run())).toEqual(expected);
      }),
      { numRuns: 120 },
    );
  });

  it("ends when it is cancelled anywhere, the same whether its memory is kept or lost", () => {
    fc.assert(
      fc.property(program, fc.nat({ max: 30 }), fc.boolean(), (steps, after, terminate) => {
        const workflow = workflowOf(sourceOf(steps));
        const cancelled = (replayEveryTime: boolean) => {
          const host = new ScriptedHost(workflow, { ...script, replayEveryTime });
          host.feed({ type: "start" });
          for (let i = 0; i < after; i++) host.step();
          host.cancel(terminate);
          return host.goOn();
        };
        const host = cancelled(false);
        expect(host.finished).toBeDefined();
        expect([...host.jobs.values()].filter(({ state }) => state === "queued")).toEqual([]);
        expect(nothingWaits(remains(host))).toBe(true);
        expect(remains(cancelled(true))).toEqual(remains(host));
      }),
      { numRuns: 120 },
    );
  });
});
