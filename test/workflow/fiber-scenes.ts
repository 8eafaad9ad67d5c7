// Runs of scripts with fibers, and what a test asks of them.
import { expect } from "vitest";
import { handlerOf, type Script, ScriptedHost } from "./scripted-host.ts";

/** What each script can call. */
const library = `
def run(w, name, n = 0):
    return w.run(step = "a.example/" + name + "@v1", inputs = {"n": n})

def fails(w, name):
    w.run(step = "a.example/ok@v1")
    fail(name)

def clean(w, name):
    w.run(step = "a.example/clean-" + name + "@v1")

def careful(w, name):
    w.defer(clean, w, name)
    return run(w, name)
`;

const echo: NonNullable<Script["functions"]> = (_reference, inputs) => ({ ok: { n: inputs.n ?? null } });

/** Scripts are the body of a handler. With `replayEveryTime` the engine replays before each input. */
export function fiberScenes(replayEveryTime: boolean) {
  const begin = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body, library), { functions: echo, replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host.settle();
  };
  const output = (body: string, script: Script = {}) => {
    const host = begin(body, script).goOn();
    expect(host.machine.ending().error).toBeUndefined();
    return host.machine.ending().output;
  };
  const errorOf = (body: string, script: Script = {}) => begin(body, script).goOn().machine.ending().error;
  const queued = (host: ScriptedHost) =>
    [...host.jobs.values()].filter(({ state }) => state === "queued").map(({ job }) => job.command);
  const jobOf = (host: ScriptedHost, command: string) => {
    const entry = [...host.jobs.values()].find(({ job }) => job.command === command);
    if (!entry) throw new Error(`no job of ${command}`);
    return entry;
  };
  const finish = (host: ScriptedHost, command: string, ok = {}) => {
    host.finishJob(jobOf(host, command).job.id, { ok });
    host.settle();
  };
  return { begin, output, errorOf, queued, jobOf, finish };
}
