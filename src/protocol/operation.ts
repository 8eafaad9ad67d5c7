// What an operator can do to a run by hand, and what many runs can be told at once.
import { z } from "zod";
import { jsonSchema } from "./json.ts";
import { type RunState, unfinishedStates } from "./run.ts";

const command = z.string().max(2000).describe("The command's id, such as `0#3`");

/** One intervention. `reason` is kept with who it was, in the run's journal and in the audit. */
export const operationSchema = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("pause") }),
  z.strictObject({ action: z.literal("resume") }),
  /** Makes the next attempt now, of one command or of all that wait for their next attempt. */
  z.strictObject({ action: z.literal("retry"), command: command.optional() }),
  /** Ends a command as if it had done nothing: a function with no outputs, a wait with None. */
  z.strictObject({ action: z.literal("skip"), command }),
  z.strictObject({ action: z.literal("complete"), command, value: jsonSchema }),
  z.strictObject({
    action: z.literal("fail"),
    command,
    code: z.string().min(1).max(100).default("FailedByOperator"),
    message: z.string().max(2000).default(""),
  }),
]);
export type Operation = z.infer<typeof operationSchema>;

export const reasonSchema = z.string().max(2000).default("");

/** What a fork executes: what the run did, or what is registered now. */
export const forkProgramSchema = z.enum(["same", "current"]).default("same");
export type ForkProgram = z.infer<typeof forkProgramSchema>;

/**
 * What can be done to many runs at once. `cancel` and `terminate` are what a run's own route does; `restart` begins each
 * again from the command that it failed with.
 */
export const bulkActionSchema = z.enum(["cancel", "terminate", "pause", "resume", "retry", "restart"]);
export type BulkAction = z.infer<typeof bulkActionSchema>;

/** The states of the runs that an action is for, where nobody says which. */
export function statesFor(action: BulkAction): readonly RunState[] {
  return action === "restart" ? ["failed"] : unfinishedStates;
}
