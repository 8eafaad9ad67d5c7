import type { JsonObject } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { eventTypeProblem } from "../event-type.ts";
import { durationArgument } from "./duration.ts";
import { issue } from "./issue.ts";
import { checkPayload, jsonObjectArgument } from "./json-argument.ts";

/**
 * `w.wait_for_event(type="…")`: returns the first matching event (a dict) that arrived after the one which started
 * this run and that this run has not consumed yet; with `since="now"`, the first to arrive from now on. None when
 * `timeout` comes first.
 */
export const waitForEvent: Builtin = defineBuiltin(
  "wait_for_event",
  "type: string, *, filter??: string, match??: dict, timeout??, since??: string",
  (ctx: CallContext, type: string, filter?: string, match?: Value, timeout?: Value, since?: string) => {
    const { args, ...command } = eventCommand("wait_for_event", { type, filter, match, since });
    if (timeout !== undefined) args.timeoutMs = durationArgument("wait_for_event", "timeout", timeout);
    return issue(ctx, { ...command, args });
  },
);

/** The command that waits for an event. Throws at the call of `fn` when it cannot be waited for. */
export function eventCommand(
  fn: string,
  event: {
    type: string;
    filter: string | undefined;
    match: Value | undefined;
    since: string | undefined;
  },
): { kind: "wait_for_event"; name: string; args: JsonObject } {
  const { type, filter, match, since } = event;
  const problem = eventTypeProblem(type);
  if (problem !== undefined) {
    throw new StarlarkError(`${fn}: for parameter type: ${problem}`, { code: "InvalidEventType" });
  }
  if (since !== undefined && since !== "now") {
    throw new StarlarkError(`${fn}: for parameter since: got "${since.slice(0, 40)}", want "now"`, {
      code: "InvalidSince",
    });
  }
  const args: JsonObject = {};
  if (filter !== undefined) args.filter = filter;
  if (match !== undefined) args.match = jsonObjectArgument(fn, "match", match);
  if (since !== undefined) args.since = since;
  checkPayload(fn, args);
  return { kind: "wait_for_event", name: type, args };
}
