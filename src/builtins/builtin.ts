// What a `builtin://` function is: one that the run's own actor performs, instead of a runner.
import type { z } from "zod";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { JobOutcome } from "../protocol/job.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";

export interface BuiltinCall {
  run: RunId;
  workspace: string;
  workflow: string;
  command: CommandId;
  attempt: number;
  inputs: JsonObject;
  /** The event that started the run. */
  cause: CloudEvent;
  /** ms since the epoch. */
  now: number;
}

/** Touches nothing but the run's own storage: its effect and its outcome are one commit, so it happens exactly once. */
export interface LocalBuiltin {
  kind: "local";
  perform(call: BuiltinCall): { outcome: JobOutcome; events?: CloudEvent[]; log?: string[] };
}

/** Reaches outside: attempted at least once, with an idempotency key that the other side can go by. */
export interface OutboundBuiltin {
  kind: "outbound";
  perform(call: BuiltinCall, outbound: Outbound): Promise<JobOutcome>;
}

/** What a run asks of another one: an input of that one's engine. */
export type RunRequest = { run: RunId; by: RunId } & (
  | { type: "signal"; id: string; name: string; data: JsonValue }
  | { type: "cancel"; reason: string }
);

/** Reaches another run of the workspace, which does once what it is asked for, however often it is asked. */
export interface RunsBuiltin {
  kind: "runs";
  /** What to ask of which run, or why nobody is asked. */
  request(call: BuiltinCall): { request: RunRequest } | { outcome: JobOutcome };
}

export type Builtin = LocalBuiltin | OutboundBuiltin | RunsBuiltin;

/** The way out of the actor. */
export interface Outbound {
  fetch(request: Request): Promise<Response>;
  /** Every address a host name stands for; throws when it cannot be found out. */
  resolve(hostname: string): Promise<string[]>;
  /** `host` or `host:port` entries that may be called although they are private. */
  allowedHosts: readonly string[];
}

/** The same on every attempt of one command: what `docs/functions.md` promises every function. */
export function idempotencyKey(call: { run: RunId; command: CommandId }): string {
  return `${call.run}#${call.command}`;
}

/** A failed outcome. `retryable` defaults to false: the same call would fail the same way. */
export function failure(
  code: string,
  message: string,
  options: { retryable?: boolean; details?: JsonObject } = {},
): JobOutcome {
  return { error: { code, message, retryable: false, ...options } };
}

/** Checks a call's inputs against `schema`; the refusal names every input that is wrong. */
export function checkInputs<T>(
  builtin: string,
  schema: z.ZodType<T>,
  inputs: JsonObject,
): { value: T } | { outcome: JobOutcome } {
  const checked = schema.safeParse(inputs);
  if (checked.success) return { value: checked.data };
  const problems = checked.error.issues.map((issue) => ({
    pointer: `/inputs${issue.path.map((part) => `/${String(part)}`).join("")}`,
    // "Invalid key in record" says less than what is wrong with the key.
    message: issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message,
  }));
  const list = problems.map(({ pointer, message }) => `${pointer.slice(1)}: ${message}`).join("; ");
  return {
    outcome: failure("InvalidInputs", `builtin://${builtin} cannot use its inputs: ${list}`, {
      details: { errors: problems },
    }),
  };
}
