// What `sluice run start` gives a workflow: what its options say, and what somebody at a terminal adds.
import type { JsonValue } from "../src/protocol/json.ts";
import { isJsonObject } from "../src/protocol/json.ts";
import type { WorkflowView } from "../src/protocol/workflow.ts";
import type { Client } from "./client.ts";
import { usageError } from "./errors.ts";
import { askFor, missingFields, type Terminal, typedValues } from "./fields.ts";
import { workflowPath } from "./workflow-path.ts";

export interface StartOptions {
  input?: JsonValue;
  set: string[];
  key?: string;
  watch?: boolean;
}

/** Where somebody can be asked; undefined where nobody is there. */
export function terminal(): Terminal | undefined {
  return process.stdin.isTTY && process.stderr.isTTY
    ? { input: process.stdin, output: process.stderr }
    : undefined;
}

/**
 * The input for a start: `--input`, with `--set` on top, and with `asked` also what somebody types for the required
 * fields that are missing. Undefined where nothing was given. Whether it fits is for the server to say.
 */
export async function startInput(
  client: Pick<Client, "get">,
  workflow: string,
  { input, set }: Pick<StartOptions, "input" | "set">,
  asked: Terminal | undefined,
): Promise<JsonValue | undefined> {
  if (set.length === 0 && !asked) return input;
  const { triggers } = await client.get<WorkflowView>(workflowPath(workflow));
  const fields = triggers.find((trigger) => trigger.inputs)?.inputs;
  if (!fields) {
    if (set.length === 0) return input;
    throw usageError(
      `${workflow} declares no inputs that --set could name`,
      "Give it anything as --input JSON, or declare them: on_start(handler, inputs = {…}).",
    );
  }
  if (input !== undefined && !isJsonObject(input)) {
    if (set.length === 0) return input;
    throw usageError("--set adds to an object, and --input is none");
  }
  const given = { ...(input ?? {}), ...typedValues(fields, set) };
  return asked ? { ...given, ...(await askFor(missingFields(fields, given), asked)) } : given;
}
