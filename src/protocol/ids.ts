import { z } from "zod";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `run_` and 32 hexadecimal digits. Derived from (trigger, event source, event id) for triggered runs. */
export type RunId = Branded<"RunId">;
/** `<fiber>#<n>`: `0#1`, `0.2#14`. The same on every replay. */
export type CommandId = Branded<"CommandId">;
/** `<run id>~<command id with "-" for "#">~<attempt>`: names its run, so that no lookup is needed. */
export type JobId = Branded<"JobId">;
/** `<run id>~<command id with "-" for "#">~<round>`: one round per hold of one command. */
export type ApprovalId = Branded<"ApprovalId">;
/** `<run id>~<command id with "-" for "#">~1`. */
export type FormId = Branded<"FormId">;

const runIdPattern = /^run_[0-9a-f]{32}$/;
const partsPattern = /^(run_[0-9a-f]{32})~([0-9]+(?:\.[0-9]+)*-[1-9][0-9]*)~([1-9][0-9]*)$/;

export function isRunId(text: string): text is RunId {
  return runIdPattern.test(text);
}

export function jobId(run: RunId, command: CommandId, attempt: number): JobId {
  return `${run}~${command.replace("#", "-")}~${attempt}` as JobId;
}

export function approvalId(run: RunId, command: CommandId, round: number): ApprovalId {
  return `${run}~${command.replace("#", "-")}~${round}` as ApprovalId;
}

export function formId(run: RunId, command: CommandId): FormId {
  return `${run}~${command.replace("#", "-")}~1` as FormId;
}

/** The run, command and number inside a job's, an approval's or a form's id; undefined when the text is neither. */
export function parseCompoundId(text: string): { run: RunId; command: CommandId; n: number } | undefined {
  const parts = partsPattern.exec(text);
  if (!parts) return undefined;
  const [, run = "", command = "", n = ""] = parts;
  return { run: run as RunId, command: command.replace("-", "#") as CommandId, n: Number(n) };
}

const namePattern = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/i;

export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** Names of workflows, environments, workspaces, pools: what is safe in a URL path. */
export const nameSchema = z
  .string()
  .regex(namePattern, "1–64 letters, digits, '.', '_' or '-', not at the ends");
export const runIdSchema = z.string().regex(runIdPattern, "a run id is run_ and 32 hexadecimal digits");
export const compoundIdSchema = z.string().regex(partsPattern, "not an id of this kind");
/** The sender's own name for a request: sent again under the same one, it counts once. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, "an idempotency key is 1 to 200 visible ASCII characters");
