// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of func.yml.
import { execFileSync, spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { groupIsAlive } from "../../runner/process-group.ts";
import { type RunnerOptions, startRunner } from "../../runner/start-runner.ts";
import { aFolder } from "./builders.ts";
import { aServer } from "./server.ts";

const functions = {
  "f/greet/func.yml": `
spec: { inputs: { who: { type: string, default: you } }, outputs: { text: { type: string } } }
---
script: |
  echo "hello \${{ inputs.who }}"
  echo '{"name": "text", "value": "'"$SLUICE_IDEMPOTENCY_KEY"'"}' >> "\${{ output_file }}"
`,
  "f/secret/func.yml": `
spec: { inputs: { token: { type: string, sensitive: true } } }
---
script: |
  printf 'a tok'; sleep 0.05; printf 'en-123 b\\n'
  echo "\${{ inputs.token }}" | base64
  echo "failed with \${{ inputs.token }}" >&2
  exit 1
`,
  "f/wait/func.yml": `
spec: { inputs: { mark: { type: string, default: "" } } }
---
script: |
  trap 'echo "told to end"; exit 9' TERM
  echo started
  for i in $(seq 100); do sleep 0.1; test -z "\${{ inputs.mark }}" || echo "$i" >> "\${{ inputs.mark }}"; done
`,
  "f/stubborn/func.yml": `
spec: { inputs: { pid: { type: string } } }
---
script: |
  trap '' TERM
  echo $$ > "\${{ inputs.pid }}"
  sleep 60 & wait
  sleep 60
`,
};

async function aRunner(overrides: Partial<RunnerOptions> = {}) {
  const server = await aServer();
  const root = await aFolder(functions);
  const lines: string[] = [];
  const start = (more: Partial<RunnerOptions> = {}) => {
    const stopping = new AbortController();
    const ended = startRunner({
      url: server.url,
      token: server.state.token,
      name: "test",
      root,
      replacements: ["functions.test=./f"],
      graceMs: 5000,
      signal: stopping.signal,
      log: (line) => lines.push(line),
      ...overrides,
      ...more,
    });
    onTestFinished(async () => {
      stopping.abort();
      await ended.catch(() => {});
    });
    return {
      ended,
      stop: async () => {
        stopping.abort();
        await ended;
      },
    };
  };
  return { server, root, lines, start };
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 8000, interval: 20 });

describe("a runner", () => {
  it("takes a job, acknowledges it, runs it, streams its log and reports outputs and what it ran", async () => {
    const { server, start, root } = await aRunner();
    start();
    const id = server.enqueue("functions.test/greet@v1", { inputs: { who: "wörld" } });
    await until(() => expect(server.of(id).outcome).toEqual({ ok: { text: `${id}-key` } }));
    const { log, beats } = server.of(id);
    expect(log.toString()).toContain("hello wörld\n");
    expect(beats[0]).toEqual({ lease: server.of(id).job.lease });
    expect(beats.some(({ resolved }) => resolved?.startsWith("sha256:"))).toBe(true);
    const left = join(root, ".sluice/runner/test");
    await until(async () => {
      expect(await readdir(join(left, "work"))).toEqual([]);
      expect(await readdir(join(left, "leases"))).toEqual(["runner.lock"]);
    });
  });

  it("runs as many jobs at once as it has capacity for, and asks for no more", async () => {
    const { server, start } = await aRunner({ capacity: 2, graceMs: 100 });
    start();
    const ids = [1, 2, 3].map(() => server.enqueue("functions.test/wait@v1", { lease_seconds: 0.6 }));
    await until(() => expect(server.taken.size).toBe(2));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.polls).toHaveLength(0);
    server.of(ids[0] ?? "").cancel = true;
    await until(() => expect(server.taken.has(ids[2] ?? "")).toBe(true));
  });

  it("masks secrets in the log and in errors, also where they are split or encoded", async () => {
    const { server, start } = await aRunner();
    start();
    const id = server.enqueue("functions.test/secret@v1", { inputs: { token: "token-123" } });
    await until(() => expect(server.of(id).outcome).toBeDefined());
    const log = server.of(id).log.toString();
    expect(log).toContain("a ••• b");
    const all = log + JSON.stringify(server.of(id).outcome);
    expect(all).toContain("failed with •••");
    expect(all).not.toContain("token-123");
    expect(all).not.toContain(Buffer.from("token-123").toString("base64"));
  });

  it("reports what it cannot run, without trying", async () => {
    const { server, start } = await aRunner();
    start();
    const cases = [
      ["functions.test/nothing@v1", "FunctionNotFound", false],
      ["nonsense", "FunctionNotFound", false],
      ["builtin://emit", "FunctionNotFound", false],
    ] as const;
    for (const [reference, code, retryable] of cases) {
      const id = server.enqueue(reference);
      await until(() => expect(server.of(id).outcome).toMatchObject({ error: { code, retryable } }));
    }
    const id = server.enqueue("functions.test/greet@v1", { inputs: { who: 1 } });
    await until(() => expect(server.of(id).outcome).toMatchObject({ error: { code: "InvalidInputs" } }));
  });

  it("ends a job that takes too long, children that ignore it included", async () => {
    const { server, start, root } = await aRunner({ killGraceMs: 300 });
    start();
    const pid = join(root, "pid");
    const id = server.enqueue("functions.test/stubborn@v1", { inputs: { pid }, timeout_s: 0.5 });
    await until(async () => expect((await readFile(pid, "utf8")).trim()).toMatch(/^\d+$/));
    const group = Number(await readFile(pid, "utf8"));
    expect(groupIsAlive(group)).toBe(true);
    await until(() => expect(server.of(id).outcome).toMatchObject({ error: { code: "Timeout" } }));
    await until(() => expect(groupIsAlive(group)).toBe(false));
  });

  it("stops a cancelled job, lets it clean up, and says so", async () => {
    const { server, start } = await aRunner();
    start();
    const id = server.enqueue("functions.test/wait@v1", { lease_seconds: 0.6 });
    await until(() => expect(server.of(id).log.toString()).toContain("started"));
    server.of(id).cancel = true;
    await until(() => expect(server.of(id).outcome).toMatchObject({ error: { code: "Cancelled" } }));
    expect(server.of(id).log.toString()).toContain("told to end");
  });

  it("stops quietly when the job is no longer its own", async () => {
    const { server, start, lines, root } = await aRunner();
    start();
    const mark = join(root, "mark");
    const id = server.enqueue("functions.test/wait@v1", { inputs: { mark }, lease_seconds: 0.6 });
    await until(async () => expect(await readFile(mark, "utf8")).toContain("2"));
    server.of(id).isLost = true;
    await until(() => expect(lines.join("\n")).toContain("no longer ours"));
    expect(server.of(id)).not.toHaveProperty("outcome");
    const before = await readFile(mark, "utf8");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await readFile(mark, "utf8")).toBe(before);
  });

  it("keeps what it has to say through an outage, and completes once", async () => {
    const { server, start } = await aRunner();
    start();
    server.state.goesDown = true;
    const id = server.enqueue("functions.test/greet@v1");
    await until(() => expect(server.state.isDown).toBe(true));
    server.drop();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(server.of(id).outcome).toBeUndefined();
    Object.assign(server.state, { goesDown: false, isDown: false });
    await until(() => expect(server.of(id).outcome).toBeDefined());
    expect(server.of(id).log.toString()).toContain("hello you");
    const next = server.enqueue("functions.test/greet@v1");
    await until(() => expect(server.of(next).outcome).toBeDefined());
    expect(server.state.completions).toBe(2);
  });

  it("stops work that nobody could confirm for a whole lease, and hands it back", async () => {
    const { server, start } = await aRunner();
    start();
    const id = server.enqueue("functions.test/wait@v1", { lease_seconds: 1 });
    await until(() => expect(server.of(id).log.toString()).toContain("started"));
    server.state.isDown = true;
    server.drop();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    server.state.isDown = false;
    await until(() => expect(server.of(id).released).toContain("could not be reached"));
    expect(server.of(id).outcome).toBeUndefined();
  });

  it("does not begin a job whose hand-over was not acknowledged", async () => {
    const { server, start, root } = await aRunner();
    start();
    const mark = join(root, "mark");
    server.state.losesNext = true;
    const id = server.enqueue("functions.test/wait@v1", { inputs: { mark } });
    const next = server.enqueue("functions.test/greet@v1");
    await until(() => expect(server.of(next).outcome).toBeDefined());
    await expect(readFile(mark)).rejects.toThrow();
    expect(server.of(id).outcome).toBeUndefined();
  });

  it("says no to options that cannot work, and ends when its token is refused", async () => {
    const { start } = await aRunner();
    await expect(start({ replacements: ["nonsense"] }).ended).rejects.toThrow("PREFIX=TARGET");
    await expect(start({ token: "wrong" }).ended).rejects.toThrow("refused: unauthenticated");
    // Started at the same moment, one of them gets the name and the other is told.
    await expect(Promise.all([start().ended, start().ended])).rejects.toThrow("already runs here");
  });
});

describe("a runner that is told to stop", () => {
  it("lets its job finish, and asks for no more", async () => {
    const { server, start } = await aRunner();
    const runner = start();
    const id = server.enqueue("functions.test/greet@v1");
    // Before it has acknowledged the job, it is nobody's, and goes to another runner.
    await until(() => expect(server.of(id).beats).not.toHaveLength(0));
    await runner.stop();
    expect(server.of(id).outcome).toBeDefined();
    expect(server.polls).toHaveLength(0);
  });

  it("hands back what does not finish in time", async () => {
    const { server, start } = await aRunner({ graceMs: 300 });
    const runner = start();
    const id = server.enqueue("functions.test/wait@v1");
    await until(() => expect(server.of(id).log.toString()).toContain("started"));
    await runner.stop();
    expect(server.of(id).released).toBe("the runner is shutting down");
    expect(server.of(id).outcome).toBeUndefined();
  });
});

describe("a runner that is killed", () => {
  async function killedWhileAt(reference: string, inputs: (root: string) => Record<string, string>) {
    const setting = await aRunner();
    const { server, root } = setting;
    const script = join(root, "runner.mjs");
    await writeFile(
      script,
      `import { startRunner } from ${JSON.stringify(join(import.meta.dirname, "../../runner/start-runner.ts"))};
       await startRunner(${JSON.stringify({
         url: server.url,
         token: server.state.token,
         name: "test",
         root,
         replacements: ["functions.test=./f"],
       }).replace(/}$/, ", signal: new AbortController().signal, log: console.log }")});`,
    );
    const child = spawn(process.execPath, [script], { stdio: "ignore" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(() => void child.kill("SIGKILL"));
    const id = server.enqueue(reference, { inputs: inputs(root) });
    const kill = async () => {
      child.kill("SIGKILL");
      await exited;
    };
    return { ...setting, id, kill };
  }

  it("leaves nothing running that goes on changing things", async () => {
    const { root, kill } = await killedWhileAt("functions.test/wait@v1", (folder) => ({
      mark: join(folder, "mark"),
    }));
    const mark = join(root, "mark");
    await until(async () => expect(await readFile(mark, "utf8")).toContain("2"));
    await kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = await readFile(mark, "utf8");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await readFile(mark, "utf8")).toBe(before);
    expect(execFileSync("ps", ["-axo", "command"], { encoding: "utf8" })).not.toContain(mark);
  });

  it("hands back what it had as soon as it is started again", async () => {
    const { server, start, id, kill } = await killedWhileAt("functions.test/wait@v1", () => ({}));
    await until(() => expect(server.of(id).log.toString()).toContain("started"));
    await kill();
    start();
    await until(() => expect(server.of(id).released).toBe("the runner was restarted"));
  });

  async function killedWithAnOutcome() {
    const setting = await killedWhileAt("functions.test/greet@v1", () => ({}));
    setting.server.state.goesDown = true;
    const leases = join(setting.root, ".sluice/runner/test/leases");
    const kept = async () => {
      const files = (await readdir(leases)).filter((file) => file.endsWith(".json"));
      return (await Promise.all(files.map((file) => readFile(join(leases, file), "utf8")))).join();
    };
    await until(async () => expect(await kept()).toContain('"outcome"'));
    await setting.kill();
    return { ...setting, kept };
  }

  it("delivers the outcome that it did not get rid of", async () => {
    const { server, start, id } = await killedWithAnOutcome();
    Object.assign(server.state, { goesDown: false, isDown: false });
    start();
    await until(() => expect(server.of(id).outcome).toEqual({ ok: { text: `${id}-key` } }));
    expect(server.of(id).released).toBeUndefined();
  });

  it("delivers it after an outage of half an hour too", async () => {
    const { server, start, id, lines } = await killedWithAnOutcome();
    const failures = () => lines.filter((line) => line.startsWith(`${id}: `)).length;
    start();
    await until(() => expect(failures()).toBeGreaterThan(0));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1800_000 });
    onTestFinished(() => void vi.useRealTimers());
    const before = failures();
    await until(() => expect(failures()).toBeGreaterThan(before));
    Object.assign(server.state, { goesDown: false, isDown: false });
    await until(() => expect(server.of(id).outcome).toEqual({ ok: { text: `${id}-key` } }));
  });

  it("keeps it for the next start when it is stopped before there was an answer", async () => {
    const { server, start, id, kept, lines } = await killedWithAnOutcome();
    const second = start({ graceMs: 50 });
    await until(() => expect(lines.join()).toContain(`${id}: `));
    await second.stop();
    expect(await kept()).toContain('"outcome"');
    Object.assign(server.state, { goesDown: false, isDown: false });
    start();
    await until(() => expect(server.of(id).outcome).toEqual({ ok: { text: `${id}-key` } }));
    await until(async () => expect(await kept()).toBe(""));
  });
});
