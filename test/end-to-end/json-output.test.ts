// What programs rely on: with --json, standard output is the result and nothing else, and standard error is problems.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createProgram } from "../../cli/program.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import { type Told, toldBy } from "../cli/told-by.ts";
import { eventually, LocalSluice } from "./local-sluice.ts";

const sluice = new LocalSluice({ timeScale: 1, arguments: ["--no-runner"] });
const file = (name: string) => join(sluice.folder, "work", name);

const sources: Record<string, string> = {
  "sleeper.star": `
def main(w, ev):
    w.sleep(days = 1)
    w.sleep(days = 1)
    return "done"

on_start(main)
on_event(type = "test.sleep", handler = main)
on_schedule(cron = "0 3 1 1 *", handler = main, name = "yearly")
`,
  "quick.star": "def main(w, ev):\n    return w.uuid()\n\non_start(main)\n",
  "asks.star": 'def main(w, ev):\n    return w.form("Release", {"version": "string"})\n\non_start(main)\n',
  "locks.star": 'def main(w, ev):\n    w.lock("door", lambda: w.wait_for_signal("go"))\n\non_start(main)\n',
  "queued.star":
    'def main(w, ev):\n    w.sleep(days = 1)\n\non_event(type = "test.queue", handler = main, concurrency = concurrency())\n',
  "held.star":
    'def main(w, ev):\n    w.run("gitlab.com/cd/reconcile@v1", {"app": "shop-production"})\n\non_start(main)\n',
  "quick_test.star":
    'load("quick.star", "main")\n\ndef test_type(t):\n    assert.eq(type(main), "function")\n',
};

/** As the administrator of the local server. */
const sluiceJson = (...args: string[]) => toldBy([...args, "--json"]);

/** The one value that a command prints. */
async function value<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await sluiceJson(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

const started = async (workflow: string) => (await value<{ run: string }>("run", "start", workflow)).run;
const sleeping = async (): Promise<string> => {
  const run = await started("sleeper");
  await eventually("the run sleeps", async () => {
    const { state } = await value<{ state: string }>("run", "show", run);
    return state === "waiting" || undefined;
  });
  return run;
};
const heldApproval = async (): Promise<string> => {
  const run = await started("held");
  const approval = await eventually("the call is held", async () =>
    (await value<Approval[]>("approval", "list")).find((one) => one.run === run),
  );
  return approval.id;
};
const openForm = async (): Promise<string> => {
  const run = await started("asks");
  const form = await eventually("the form is open", async () =>
    (await value<{ run: string; id: string }[]>("form", "list")).find((one) => one.run === run),
  );
  return form.id;
};
const doorHeld = async (): Promise<void> => {
  await started("locks");
  await eventually("the lock is held", async () => {
    const { holders } = await value<{ holders: unknown[] }>("lock", "show", "door");
    return holders.length > 0 || undefined;
  });
};
/** A history under an id of its own, as another server would have it. */
const foreignHistory = async (): Promise<string> => {
  const run = await started("quick");
  await value("run", "watch", run);
  const { stdout } = await sluiceJson("run", "export", run);
  const path = file("foreign.ndjson");
  writeFileSync(path, stdout.replaceAll(run, `run_${"f".repeat(32)}`));
  return path;
};

/**
 * One call of each command. Its answer is one JSON value, unless `prints` says otherwise: `lines` is a value a line,
 * and a code is that of the problem it is refused with.
 */
interface Call {
  args: (string | (() => Promise<string>))[];
  exitCode?: number;
  prints?: "lines" | { problem: string };
}

const calls: Record<string, Call> = {
  demo: { args: [], exitCode: 2, prints: { problem: "usage" } },
  "workflow push": { args: [file("sleeper.star"), file("quick.star")] },
  "workflow check": { args: [file("sleeper.star")] },
  "workflow docs": { args: [file("sleeper.star")] },
  "workflow list": { args: [] },
  "workflow show": { args: ["sleeper"] },
  "workflow versions": { args: ["sleeper"] },
  "workflow rollback": { args: ["sleeper", "1"] },
  "workflow delete": { args: ["locks"] },
  fmt: { args: [file("quick.star"), "--check", "--lint"] },
  test: { args: [file("quick_test.star")] },
  replay: { args: [foreignHistory] },
  "run list": { args: ["--state", "waiting", "--from", "7d"] },
  "run show": { args: [sleeping] },
  "run log": { args: [sleeping] },
  "run watch": { args: [() => started("quick")] },
  "run start": { args: ["quick", "--watch"] },
  "run signal": { args: [sleeping, "go", "--data", "1"] },
  "run export": { args: [sleeping], prints: "lines" },
  "run import": { args: [foreignHistory] },
  "run cancel": { args: [sleeping, "--reason", "enough"] },
  "run pause": { args: [sleeping] },
  "run resume": { args: [sleeping], exitCode: 1, prints: { problem: "not_paused" } },
  "run retry": { args: [sleeping], exitCode: 1, prints: { problem: "nothing_to_retry" } },
  "run skip": { args: [sleeping, "0#1"] },
  "run complete": { args: [sleeping, "0#1", "null"] },
  "run fail": { args: [sleeping, "0#1"] },
  "run fork": { args: [sleeping, "0#1"] },
  "run restart": { args: [sleeping, "0#1", "--current"] },
  "run bulk": { args: ["pause", "--workflow", "nobody"] },
  "event send": { args: ["test.nobody", "--data", "{}"] },
  "event list": { args: ["--limit", "2"] },
  "event show": { args: ["1"] },
  "schedule list": { args: [] },
  "schedule show": { args: ["sleeper/yearly"] },
  "schedule pause": { args: ["sleeper/yearly", "--reason", "holidays"] },
  "schedule resume": { args: ["sleeper/yearly"] },
  "schedule trigger": { args: ["sleeper/yearly"] },
  "schedule backfill": { args: ["sleeper/yearly", "--from", "1h"] },
  "queue list": { args: ["--all"] },
  "queue jobs": { args: [] },
  "queue cancel": { args: [async () => queuedRun] },
  "outbox list": { args: [] },
  "outbox retry": { args: ["bus"] },
  "approval list": { args: ["--all"] },
  "approval approve": { args: [heldApproval, "--token", async () => approver] },
  "approval deny": { args: [heldApproval, "--token", async () => approver] },
  "form list": { args: ["--all"] },
  "form show": { args: [openForm] },
  "form fill": { args: [openForm, "--set", "version=1"] },
  "lock list": { args: [] },
  "lock show": { args: ["door"] },
  "lock release": { args: ["door", "--reason", "stuck"] },
  "env create": { args: ["staging", "--tier", "staging"] },
  "env list": { args: [] },
  "env show": { args: ["production"] },
  "env report": { args: ["production", "shop", "healthy"] },
  "function set": { args: ["example.com/f", "--trust", "0.5"] },
  "function list": { args: [] },
  "audit list": { args: [] },
  "token create": { args: ["--subject", "somebody", "--role", "viewer"] },
  "token list": { args: [] },
  "token revoke": {
    args: [
      async () => (await value<{ id: string }>("token", "create", "--subject", "x", "--role", "viewer")).id,
    ],
  },
  "token bootstrap": { args: [] },
};

/** They go on until they are stopped, in a process of their own. */
const ongoing = ["dev", "runner"];

/** The names of all commands that do something, such as `run list`. */
function commandsOf(command: Command, path: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(" ")];
  return command.commands.flatMap((child) => commandsOf(child, [...path, child.name()]));
}

function problemIn({ stdout, stderr }: Told): unknown {
  expect({ stdout, lines: stderr.split("\n").length }).toEqual({ stdout: "", lines: 2 });
  return JSON.parse(stderr);
}

let approver: string;
let queuedRun: string;
beforeAll(async () => {
  await sluice.start();
  mkdirSync(file(""), { recursive: true });
  for (const [name, source] of Object.entries(sources)) writeFileSync(file(name), source);
  vi.stubEnv("SLUICE_URL", sluice.url);
  vi.stubEnv("SLUICE_TOKEN", sluice.adminToken);
  const workflows = Object.keys(sources).filter((name) => !name.includes("_test"));
  await value("workflow", "push", ...workflows.map(file));
  const made = await value<{ token: string }>("token", "create", "--subject", "olga", "--role", "admin");
  approver = made.token;
  await doorHeld();
  await value("event", "send", "test.queue");
  queuedRun =
    (await value<{ queued: { run: string }[] }>("event", "send", "test.queue")).queued[0]?.run ?? "";
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await sluice.stop();
});

describe("with --json, every command", () => {
  it("is looked at here", () => {
    expect(commandsOf(createProgram()).sort()).toEqual([...Object.keys(calls), ...ongoing].sort());
  });

  it.each(Object.entries(calls))("prints its result and nothing else: %s", async (name, call) => {
    const args: string[] = [];
    for (const arg of call.args) args.push(typeof arg === "string" ? arg : await arg());
    const told = await sluiceJson(...name.split(" "), ...args);
    expect({ exitCode: told.exitCode, of: told.stderr }).toMatchObject({ exitCode: call.exitCode ?? 0 });
    if (typeof call.prints === "object") {
      expect(problemIn(told)).toMatchObject({ code: call.prints.problem, detail: expect.any(String) });
      return;
    }
    expect(told.stderr).toBe("");
    const values = call.prints === "lines" ? told.stdout.trimEnd().split("\n") : [told.stdout];
    for (const one of values) expect(JSON.parse(one)).toBeTypeOf("object");
  });

  it.each([...Object.keys(calls), ...ongoing])(
    "says in JSON that it was called wrongly: %s",
    async (name) => {
      const told = await sluiceJson(...name.split(" "), "--no-such-option");
      expect(told.exitCode).toBe(2);
      expect(problemIn(told)).toMatchObject({
        code: "usage",
        detail: expect.stringMatching(/^(unknown|required) option /),
      });
    },
  );
});

describe("with --json", () => {
  it("what goes on tells where everything is as one line", () => {
    expect(JSON.parse(sluice.printed)).toMatchObject({
      url: sluice.url,
      token: sluice.adminToken,
      targetUrl: sluice.targetUrl,
      timeScale: 1,
    });
  });

  it.each([
    ["no command", [], "usage", 2],
    ["half a command", ["run"], "usage", 2],
    ["a command there is not", ["run", "lits"], "usage", 2],
    ["an argument too few", ["run", "show"], "usage", 2],
    ["an option that is no number", ["event", "list", "--limit", "many"], "usage", 2],
    ["what is no JSON", ["event", "send", "x", "--data", "{"], "usage", 2],
    ["a file that is not there", ["run", "import", "no-such-file"], "usage", 2],
    ["two forms at once", ["workflow", "check", "--format", "sarif"], "usage", 2],
    ["a refusal of the server", ["run", "show", `run_${"0".repeat(32)}`], "unknown_run", 1],
    ["a token that nobody has", ["run", "list", "--token", "wrong"], "unauthenticated", 1],
    ["a server that does not answer", ["run", "list", "--url", "http://127.0.0.1:9"], "unreachable", 1],
    ["a path that is not there", ["fmt", "no-such-folder"], "failed", 1],
  ])("a problem is one line of JSON: %s", async (_, args, code, exitCode) => {
    const told = await sluiceJson(...args);
    expect(problemIn(told)).toMatchObject({ code, detail: expect.any(String), title: expect.any(String) });
    expect(told.exitCode).toBe(exitCode);
  });

  it("a run that fails is a result, and the exit code says so", async () => {
    const run = await sleeping();
    await value("run", "fail", run, "0#1", "--code", "Broken");
    const { stdout, stderr, exitCode } = await sluiceJson("run", "watch", run);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ id: run, state: "failed", error: { code: "Broken" } });
  });

  it("standard input is formatted into a result, in a process as in this one", () => {
    const ugly = "def f( x ):\n  return x\n";
    const fmt = (...args: string[]) =>
      spawnSync(process.execPath, [resolve("bin", "sluice.mjs"), "fmt", "-", "--json", ...args], {
        input: ugly,
        encoding: "utf8",
      });
    const formatted = fmt();
    expect({ ...JSON.parse(formatted.stdout), stderr: formatted.stderr }).toEqual({
      isFormatted: false,
      formatted: "def f(x):\n    return x\n",
      stderr: "",
    });
    const checked = fmt("--check");
    expect([checked.status, JSON.parse(checked.stdout)]).toEqual([1, { isFormatted: false }]);
  });
});

describe("docs/cli.md", () => {
  it("names every command", () => {
    const text = readFileSync(resolve("docs", "cli.md"), "utf8");
    const missing = commandsOf(createProgram()).filter((name) => {
      const [group = "", command] = name.split(" ");
      const row = text
        .split("\n")
        .filter(
          (line) => line.startsWith(`| \`sluice ${group} `) || line.startsWith(`| \`sluice ${group}\``),
        );
      return !row.some((line) => command === undefined || new RegExp(`[\` ]${command}\\b`).test(line));
    });
    expect(missing).toEqual([]);
  });
});
