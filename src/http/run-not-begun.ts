import { busStub, DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import type { RunId } from "../protocol/ids.ts";
import { type Result, refuse } from "../protocol/result.ts";
import { waitingStates } from "../protocol/start.ts";

/**
 * A run's answer, where it has one. That it is unknown is not all there is to say of one whose start waits or has been
 * dropped: then the refusal tells what has become of it.
 */
export async function orNotBegun<T>(env: Env, run: RunId, answer: Result<T>): Promise<Result<T>> {
  if (answer.ok || answer.error.code !== "unknown_run") return answer;
  const start = await busStub(env, DEFAULT_WORKSPACE).queuedStart(run);
  if (!start.ok) return answer;
  const { state, reason } = start.value;
  if (state === "started") return refuse("run_not_started", "the run is about to start");
  if (waitingStates.some((one) => one === state)) {
    return refuse(
      "run_not_started",
      `the run has not started yet, it is ${state}: ${reason}. POST /v1/queue/${run}/cancel takes it back`,
    );
  }
  return refuse("unknown_run", `the run never began, it was ${state}: ${reason}`);
}
