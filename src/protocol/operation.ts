// What an operator can do to a run by hand, as it is asked for.
import { z } from "zod";
import { bulkActions } from "./bulk-action.ts";
import { jsonSchema } from "./json.ts";

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

export const bulkActionSchema = z.enum(bulkActions);
