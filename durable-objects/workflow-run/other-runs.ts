// How a run asks others of its workspace, on behalf of its script.
//
// Whoever is asked takes a request once: a signal by its id, a cancellation since there is one. So it is asked until there
// is an answer, and one that is asked again after a power cut answers alike.
import type { RunRequest } from "../../src/builtins/builtin.ts";
import { MAX_SUCCESSORS, tooManySuccessors } from "../../src/builtins/runs.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { ok, type Result } from "../../src/protocol/result.ts";
import { askRunInPlace } from "../ask-run.ts";
import type { WorkflowRunRpc } from "../rpc/workflow-run.ts";
import { busStub } from "../stubs.ts";

/**
 * Asks the run, or the one that goes on in its place; answers which that was, or why it is refused. Throws while the run
 * has not begun, which is worth another try.
 */
export async function askOtherRun(env: Env, workspace: string, request: RunRequest): Promise<Result<RunId>> {
  let id = request.run;
  for (let passed = 0; ; passed += 1) {
    const answer = await askOne(env, { workspace, id }, request);
    if (answer.ok) return ok(id);
    const { code, message, details } = answer.error;
    const isUnheardOf = code === "unknown_run" && passed > 0;
    if (code === "run_not_started" || isUnheardOf) throw new Error(`${id} has not begun: ${message}`);
    if (details?.run === undefined) return answer;
    if (passed === MAX_SUCCESSORS) return tooManySuccessors(id);
    id = details.run as RunId;
  }
}

async function askOne(
  env: Env,
  named: { workspace: string; id: RunId },
  request: RunRequest,
): Promise<Result<unknown>> {
  const answer = await askRunInPlace(env, named, (run) => deliver(run, request));
  if (answer.ok || request.type === "signal") return answer;
  // One whose start waits its turn is taken back.
  const { code } = answer.error;
  if (code !== "run_not_started" && code !== "unknown_run") return answer;
  const { workspace, id: run } = named;
  const bus = busStub(env, workspace);
  const taken = await bus.cancelStart({ run, by: { subject: request.by }, reason: request.reason });
  if (taken.ok) return taken;
  // The same request may have been heard before.
  const start = await bus.queuedStart(run);
  return start.ok && start.value.state === "cancelled" ? start : answer;
}

async function deliver(run: WorkflowRunRpc, request: RunRequest): Promise<Result<unknown>> {
  const by = { subject: request.by };
  if (request.type === "cancel") {
    return await run.cancel({ by, reason: request.reason, terminate: false });
  }
  const { id, name, data } = request;
  return await run.signal({ id, name, data, by });
}
