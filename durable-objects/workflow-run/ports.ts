// What the parts of a run need of this platform: its clock and randomness, its configuration, and the other actors.
import { evaluatePolicy, evaluatePolicyAtOnce, loadPolicyEngine } from "../../src/policy/index.ts";
import { finishedStates, runStates } from "../../src/protocol/run.ts";
import { scaledDueAt, timeScaleOf } from "../../src/storage/time-scale.ts";
import { retentionMs } from "../retention.ts";
import { sha256 } from "../sha256.ts";
import { catalogStub, directoryStub, environmentStub } from "../stubs.ts";
import { archiveOf } from "./archive.ts";
import { Decisions } from "./decide.ts";
import { loadMachine } from "./engine.ts";
import { entropy } from "./entropy.ts";
import { askOtherRun } from "./other-runs.ts";
import { outboundOf } from "./outbound.ts";
import type { StoredStart } from "./parts.ts";
import type { RetirementPorts } from "./retirement.ts";
import type { RunPorts } from "./run-host.ts";

export function hostPorts(env: Env, { changed }: Pick<RunPorts, "changed">): RunPorts {
  const scale = timeScaleOf(env);
  let known: Decisions | undefined;
  const decisions = ({ workspace }: StoredStart) => {
    known ??= new Decisions({
      // A stub that has failed once goes on failing: each question gets its own.
      catalog: { governing: (call) => catalogStub(env, workspace).governing(call) },
      environment: (name) => environmentStub(env, workspace, name),
      evaluate: evaluatePolicy,
      load: loadPolicyEngine,
      evaluateAtOnce: evaluatePolicyAtOnce,
    });
    return known;
  };
  return {
    changed,
    rest: () => new Promise((resolve) => setTimeout(resolve, 0)),
    now: Date.now,
    entropy,
    outbound: outboundOf(env),
    askRun: ({ workspace }, request) => askOtherRun(env, workspace, request),
    loadMachine: (program, start, records) =>
      loadMachine(program, {
        start,
        records,
        sha256Hex: sha256,
        replayEveryTime: env.SLUICE_REPLAY_EVERY_TIME === "1",
        scaleDueAt: (dueAt, now) => scaledDueAt(dueAt, now, scale),
      }),
    decide: (run, call) => decisions(run).ask(run, call, Date.now()),
    decideAtOnce: (run, call) => decisions(run).askAtOnce(run, call, Date.now()),
    learn: (run, call) => decisions(run).learn(call, Date.now()),
  };
}

/** The bindings are read anew each time: what they say now is what holds. */
export function retirementPorts({
  env,
  secrets,
}: Pick<RetirementPorts, "secrets"> & { env(): Env }): RetirementPorts {
  return {
    secrets,
    now: () => Date.now(),
    retentionMs: () => retentionMs(env()),
    archive: (workspace) => archiveOf(env(), workspace),
    hasChildren: async (workspace, parent) => {
      const state = runStates.filter((one) => !finishedStates.includes(one));
      const { runs } = await directoryStub(env(), workspace).runs({ parent, state, limit: 1 });
      return runs.length > 0;
    },
  };
}
