import { askRun as askRunOf } from "../../durable-objects/ask-run.ts";
import type { WorkflowRunRpc } from "../../durable-objects/rpc/workflow-run.ts";
import { DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import type { RunId } from "../protocol/ids.ts";
import type { Result } from "../protocol/result.ts";

/** Asks a run of the workspace, wherever it is; the refusal tells why it cannot be asked. */
export async function askRun<T>(
  env: Env,
  id: RunId,
  ask: (run: WorkflowRunRpc) => Promise<Result<T>>,
): Promise<Result<T>> {
  return await askRunOf(env, { workspace: DEFAULT_WORKSPACE, id }, ask);
}
