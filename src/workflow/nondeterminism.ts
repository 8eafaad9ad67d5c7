// How a replay that differs from its journal is told: which call, where, what was expected and what came.
import type { ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Position } from "../starlark/index.ts";
import { canonicalJson } from "./canonical-json.ts";

export const NON_DETERMINISM = "NonDeterminism";

/** A command as journal and script both know it. */
export type ComparedCommand = Pick<
  ScheduledRecord,
  "command" | "kind" | "name" | "digest" | "args" | "position"
>;

const MAX_SHOWN = 200;

function place({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

function shown({ kind, name, args }: ComparedCommand): string {
  const text = canonicalJson(args);
  const shortened = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return `${kind}${name === "" ? "" : ` "${name}"`} ${shortened}`;
}

function asData({ command, kind, name, digest, position }: ComparedCommand): JsonObject {
  return { command, kind, name, digest, position: { ...position } };
}

/** The error that a run is stuck with. */
export function nonDeterminism(message: string, details: JsonObject = {}): ErrorData {
  return {
    code: NON_DETERMINISM,
    message: `${message}; the journal is untouched: restart the run on a program that fits it`,
    details,
  };
}

/** The script made another call than the journal has at this place, or none at all. */
export function differentCall(
  expected: ComparedCommand,
  got: ComparedCommand | undefined,
  otherwise: string,
): ErrorData {
  const what = got
    ? `the journal has ${shown(expected)} as command ${expected.command}, the script calls ${shown(got)} at ${place(got.position)}`
    : `the journal has ${shown(expected)} as command ${expected.command} (${place(expected.position)}), ${otherwise}`;
  return nonDeterminism(what, { expected: asData(expected), ...(got ? { got: asData(got) } : {}) });
}

/** The script made a call that the journal does not have. */
export function unknownCall(got: ComparedCommand, before: string): ErrorData {
  return nonDeterminism(
    `the script calls ${shown(got)} at ${place(got.position)} as command ${got.command}, which the journal does not have before ${before}`,
    { got: asData(got) },
  );
}

/** The script cancelled other commands than the journal says were cancelled here. */
export function differentCancellation(expected: readonly string[], got: readonly string[]): ErrorData {
  const named = (commands: readonly string[]) =>
    commands.length === 0
      ? "no commands"
      : `${commands.slice(0, MAX_NAMED).join(", ")}${commands.length > MAX_NAMED ? ", …" : ""}`;
  return nonDeterminism(
    `the journal has the cancellation of ${named(expected)} here, the script cancels ${named(got)}`,
    { expected: expected.slice(0, MAX_NAMED), got: got.slice(0, MAX_NAMED) },
  );
}

const MAX_NAMED = 20;
