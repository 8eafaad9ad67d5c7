// How a replay that differs from its journal is told: which call, where, what was expected and what came.
import type { ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import { MASK } from "../protocol/mask.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Position } from "../starlark/index.ts";
import { canonicalJson } from "./canonical-json.ts";

export const NON_DETERMINISM = "NonDeterminism";

/** A command as journal and script both know it. */
export type ComparedCommand = Pick<
  ScheduledRecord,
  "command" | "kind" | "name" | "digest" | "args" | "position"
>;

/** A difference in words. Whether arguments are shown is decided when it is told: secrets may be learnt later. */
export type Difference = (showsArgs: boolean) => ErrorData;

const MAX_SHOWN = 200;

function place({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

/** Of arguments with secrets neither a part, which no mask would know, nor a digest, by which they could be guessed. */
function hidesArgs({ args }: ComparedCommand, showsArgs: boolean): boolean {
  // What the script calls sensitive is no secret of the run before the journal has the call.
  return !showsArgs || (args !== null && typeof args === "object" && "sensitive" in args);
}

function shown(command: ComparedCommand, showsArgs: boolean): string {
  const { kind, name, args } = command;
  return `${kind}${name === "" ? "" : ` "${name}"`} ${hidesArgs(command, showsArgs) ? MASK : shortened(canonicalJson(args))}`;
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function asData(compared: ComparedCommand, showsArgs: boolean): JsonObject {
  const { command, kind, name, digest, position } = compared;
  const told = { command, kind, name, position: { ...position } };
  return hidesArgs(compared, showsArgs) ? told : { ...told, digest };
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
): Difference {
  return (showsArgs) => {
    const had = `the journal has ${shown(expected, showsArgs)} as command ${expected.command}`;
    const what = got
      ? `${had}, the script calls ${shown(got, showsArgs)} at ${place(got.position)}`
      : `${had} (${place(expected.position)}), ${otherwise}`;
    const details = { expected: asData(expected, showsArgs), ...(got && { got: asData(got, showsArgs) }) };
    return nonDeterminism(what, details);
  };
}

/** The script made a call that the journal does not have. */
export function unknownCall(got: ComparedCommand, before: string): Difference {
  return (showsArgs) =>
    nonDeterminism(
      `the script calls ${shown(got, showsArgs)} at ${place(got.position)} as command ${got.command}, which the journal does not have before ${before}`,
      { got: asData(got, showsArgs) },
    );
}

/** The script cancelled other commands than the journal says were cancelled here. */
export function differentCancellation(expected: readonly string[], got: readonly string[]): Difference {
  const named = (commands: readonly string[]) =>
    commands.length === 0
      ? "no commands"
      : `${commands.slice(0, MAX_NAMED).join(", ")}${commands.length > MAX_NAMED ? ", …" : ""}`;
  return () =>
    nonDeterminism(
      `the journal has the cancellation of ${named(expected)} here, the script cancels ${named(got)}`,
      { expected: expected.slice(0, MAX_NAMED), got: got.slice(0, MAX_NAMED) },
    );
}

const MAX_NAMED = 20;
