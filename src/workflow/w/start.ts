import { isName } from "../../protocol/ids.ts";
import type { JsonObject } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { parentCloses } from "../commands/start.ts";
import { issue } from "./issue.ts";
import { checkPayload, jsonArgument } from "./json-argument.ts";
import { sensitiveArgument } from "./sensitive-argument.ts";

const idPattern = /^[\x21-\x7e]{1,200}$/;

function invalid(parameter: string, message: string): StarlarkError {
  return new StarlarkError(`start: for parameter ${parameter}: ${message}`, { code: "InvalidStart" });
}

/**
 * `w.start("smoke-tests", {"service": "shop"})`: starts a run of a workflow that declares `on_start`, waits for it, and
 * returns its output. Raises `ChildFailed` or `ChildCancelled` where it ends so, `UnknownWorkflow`, `NotStartable`. With
 * `wait=False` it returns `{"run": id}` once the run has been started. `parent_close` is what happens to a child that
 * still runs when this run, or the fiber, ends: `"cancel"`, `"terminate"` or `"abandon"`. With an `id` the workflow is
 * started once in the workspace under it; again is error `AlreadyStarted`, for as long as lists know the run.
 */
export const start: Builtin = defineBuiltin(
  "start",
  "workflow: string, input??, *, sensitive??: list, id??: string, wait??: bool, parent_close??: string",
  (
    ctx: CallContext,
    workflow: string,
    input?: Value,
    sensitive?: Value,
    id?: string,
    wait?: boolean,
    parentClose?: string,
  ) => {
    if (!isName(workflow)) throw invalid("workflow", `"${workflow.slice(0, 80)}" is no name of a workflow`);
    if (id !== undefined && !idPattern.test(id))
      throw invalid("id", "want 1 to 200 visible ASCII characters");
    if (parentClose !== undefined && !(parentCloses as readonly string[]).includes(parentClose)) {
      throw invalid("parent_close", `got "${parentClose}", want one of ${parentCloses.join(", ")}`);
    }
    const args: JsonObject = {};
    if (input !== undefined) args.input = jsonArgument("start", "input", input);
    if (sensitive !== undefined) args.sensitive = sensitiveArgument("start", sensitive, args.input ?? null);
    if (id !== undefined) args.id = id;
    if (wait === false) args.wait = false;
    if (parentClose !== undefined) args.parentClose = parentClose;
    checkPayload("start", args);
    return issue(ctx, { kind: "start", name: workflow, args });
  },
);
