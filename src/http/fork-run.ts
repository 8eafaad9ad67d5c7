// Begins a run where another one was: for one run, and for each of many.
import { sha256 } from "../../durable-objects/sha256.ts";
import { catalogStub, DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { Result } from "../protocol/result.ts";
import type { RunSummary } from "../protocol/run.ts";
import type { Identity } from "../protocol/token.ts";
import type { ProgramSource } from "../protocol/workflow.ts";
import { askRun } from "./ask-run.ts";

interface Fork {
  id: RunId;
  /** The one that the run failed with, where it is left out. */
  command?: CommandId;
  /** What the new run executes; the run's own program where it is left out. */
  program?: ProgramSource;
  restart: boolean;
  /**
   * The same again is the same fork. Without one every request is a fork of its own, but what failed is done again once.
   */
  key?: string;
  reason: string;
  by: Identity;
}

/** Answers with the new run, or with what `WorkflowRunRpc.fork` and `askRun` refuse. */
export function forkRun(env: Env, { key, ...request }: Fork): Promise<Result<RunSummary>> {
  const { id, command, restart } = request;
  const isOnce = restart && command === undefined;
  const asked = [id, command ?? null, key ?? (isOnce ? null : crypto.randomUUID()), restart];
  const digest = sha256(JSON.stringify(asked));
  return askRun(env, id, (run) => run.fork({ ...request, id: `run_${digest.slice(0, 32)}` as RunId }));
}

/** The program of a workflow that is registered now. Refuses `unknown_workflow`. */
export async function currentProgram(env: Env, workflow: string): Promise<Result<ProgramSource>> {
  const known = await catalogStub(env, DEFAULT_WORKSPACE).workflow(workflow);
  return known.ok ? { ok: true, value: known.value.program } : known;
}
