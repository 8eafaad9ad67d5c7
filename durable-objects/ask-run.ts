import type { RunId } from "../src/protocol/ids.ts";
import { type Result, refuse } from "../src/protocol/result.ts";
import { isWaiting, neverBegan } from "../src/protocol/start.ts";
import type { WorkflowRunRpc } from "./rpc/workflow-run.ts";
import { busStub, directoryStub, runStub } from "./stubs.ts";

interface NamedRun {
  workspace: string;
  id: RunId;
}

/**
 * Asks a run, after it was brought back from the archive where it is there. That it is unknown is not all there is to
 * say of one that is about to start, whose start waits or was dropped, or whose journal is no longer kept: then the
 * refusal tells (`run_not_started`, `run_expired`).
 */
export async function askRun<T>(
  env: Env,
  named: NamedRun,
  ask: (run: WorkflowRunRpc) => Promise<Result<T>>,
): Promise<Result<T>> {
  const run = runStub(env, named.workspace, named.id);
  const answer = await ask(run);
  if (!isUnknown(answer)) return answer;
  const restored = await run.restore(named);
  if (restored.ok) return await ask(run);
  const why = (await ofQueue(env, named)) ?? (await ofDirectory(env, named));
  // Where its start is no longer on its way, it may have arrived meanwhile.
  return why ?? (await ask(run));
}

function isUnknown(answer: Result<unknown>): boolean {
  return !answer.ok && answer.error.code === "unknown_run";
}

async function ofQueue(env: Env, named: NamedRun): Promise<Result<never> | undefined> {
  const { workspace, id } = named;
  const bus = busStub(env, workspace);
  const start = await bus.queuedStart(id);
  const aboutToStart = refuse("run_not_started", "the run is about to start");
  if (!start.ok) return (await bus.isBeginning(id)) ? aboutToStart : undefined;
  const { state, reason } = start.value;
  // It is over, and gone since.
  if (state === "started" && (await ofDirectory(env, named))) return undefined;
  if (state === "started") return aboutToStart;
  if (isWaiting(start.value)) {
    return refuse(
      "run_not_started",
      `the run has not started yet, it is ${state}: ${reason}. POST /v1/queue/${id}/cancel takes it back`,
    );
  }
  return neverBegan(start.value);
}

async function ofDirectory(env: Env, { workspace, id }: NamedRun): Promise<Result<never> | undefined> {
  const known = await directoryStub(env, workspace).run(id);
  if (known?.finishedAt === undefined) return undefined;
  const { state, continuedAs } = known;
  const at = new Date(known.finishedAt).toISOString();
  return refuse(
    "run_expired",
    `the run ${state} at ${at}, and its journal is no longer kept`,
    continuedAs === undefined ? undefined : { run: continuedAs },
  );
}
