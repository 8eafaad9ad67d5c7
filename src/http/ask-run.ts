import type { WorkflowRunRpc } from "../../durable-objects/rpc/workflow-run.ts";
import { busStub, DEFAULT_WORKSPACE, directoryStub, runStub } from "../../durable-objects/stubs.ts";
import type { RunId } from "../protocol/ids.ts";
import { type Result, refuse } from "../protocol/result.ts";
import { waitingStates } from "../protocol/start.ts";

/**
 * Asks a run, after it was brought back from the archive where it is there. That it is unknown is not all there is to
 * say of one whose start waits or was dropped, or whose journal is no longer kept: then the refusal tells.
 */
export async function askRun<T>(
  env: Env,
  id: RunId,
  ask: (run: WorkflowRunRpc) => Promise<Result<T>>,
): Promise<Result<T>> {
  const run = runStub(env, DEFAULT_WORKSPACE, id);
  const answer = await ask(run);
  if (answer.ok || answer.error.code !== "unknown_run") return answer;
  const restored = await run.restore({ workspace: DEFAULT_WORKSPACE, id });
  if (restored.ok) return await ask(run);
  return (await ofQueue(env, id)) ?? (await ofDirectory(env, id)) ?? answer;
}

async function ofQueue(env: Env, id: RunId): Promise<Result<never> | undefined> {
  const start = await busStub(env, DEFAULT_WORKSPACE).queuedStart(id);
  if (!start.ok) return undefined;
  const { state, reason } = start.value;
  // It is over, and gone since.
  if (state === "started" && (await ofDirectory(env, id))) return undefined;
  if (state === "started") return refuse("run_not_started", "the run is about to start");
  if (waitingStates.some((one) => one === state)) {
    return refuse(
      "run_not_started",
      `the run has not started yet, it is ${state}: ${reason}. POST /v1/queue/${id}/cancel takes it back`,
    );
  }
  return refuse("unknown_run", `the run never began, it was ${state}: ${reason}`);
}

async function ofDirectory(env: Env, id: RunId): Promise<Result<never> | undefined> {
  const known = await directoryStub(env, DEFAULT_WORKSPACE).run(id);
  if (known?.finishedAt === undefined) return undefined;
  const at = new Date(known.finishedAt).toISOString();
  return refuse("run_expired", `the run ${known.state} at ${at}, and its journal is no longer kept`);
}
