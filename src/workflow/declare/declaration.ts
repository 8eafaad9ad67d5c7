import type { FlowControl, Schedule } from "../../protocol/flow-control.ts";
import type { FormField } from "../../protocol/form.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { type CallContext, type Position, StarlarkError, type Value } from "../../starlark/index.ts";
import { durationArgument, durationError } from "../w/duration.ts";

/** One call of `on_event`, `on_schedule` or `on_start`. */
export interface Declaration {
  type: string;
  handler: Value;
  filter: string | undefined;
  match: JsonObject | undefined;
  name: string | undefined;
  schedule: Schedule | undefined;
  flow: FlowControl;
  /** How long a run may take. */
  timeoutMs: number | undefined;
  inputs?: FormField[] | undefined;
  position: Position;
}

/** The parameter `timeout`, in ms. Throws `InvalidDuration`. */
export function timeLimit(fn: string, timeout: Value | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  const ms = durationArgument(fn, "timeout", timeout);
  if (ms > 0) return ms;
  throw durationError(`${fn}: for parameter timeout`, "a run takes longer than no time at all");
}

/** Notes a declaration for whoever loads the program. Throws `TriggerInHandler` while a run is on. */
export function declare(ctx: CallContext, fn: string, declaration: Omit<Declaration, "position">): null {
  // Set by load-workflow.ts while a file's top level runs; a handler that calls it finds something else.
  const declarations = ctx.hostData;
  if (!Array.isArray(declarations)) {
    throw new StarlarkError(`${fn}: triggers are declared at top level, not while a run is on`, {
      code: "TriggerInHandler",
    });
  }
  declarations.push({ ...declaration, position: ctx.position() } satisfies Declaration);
  return null;
}
