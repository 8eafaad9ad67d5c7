// A record of the journal as it leaves the run. What a reader of journals reads stays as it is: ids, kinds, states, who.
import type { CommandId } from "../../protocol/ids.ts";
import type { JournalRecord, Outcome } from "../../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { decodeValue, encodeValue, fromJson, toJson } from "../../starlark/index.ts";
import { canonicalJson, isSameJson } from "../canonical-json.ts";
import type { Sha256Hex } from "../machine-types.ts";
import type { RunSecrets } from "./run-secrets.ts";

/** Members of a note that are words of the engine, or names of what is elsewhere. In all others a secret may stand. */
const words: ReadonlySet<string> = new Set([
  "action",
  "approval",
  "as",
  "attempt",
  "bundle",
  "by",
  "command",
  "commands",
  "decision",
  "delayMs",
  "digest",
  "eventSeq",
  "format",
  "handler",
  "id",
  "initiator",
  "inputs",
  "lost",
  "name",
  "round",
  "run",
  "runner",
  "state",
  "trigger",
  "trustScore",
  "verdict",
  "workflow",
]);

/** Members that are notes themselves. */
const nested: ReadonlySet<string> = new Set(["continued", "forked"]);

/** The digest of masked arguments is theirs: that of the true ones would let a short secret be guessed. */
export function maskedRecord(
  record: JournalRecord,
  secrets: RunSecrets,
  sha256Hex: Sha256Hex,
): JournalRecord {
  if (secrets.isEmpty) return record;
  switch (record.type) {
    case "scheduled": {
      const name = secrets.mask.text(record.name);
      const args = secrets.args(record.command, record.args);
      if (isSameJson(args, record.args)) return { ...record, name };
      return { ...record, name, args, digest: sha256Hex(canonicalJson(args)) };
    }
    case "completed":
      return { ...record, outcome: maskedOutcome(record.command, record.outcome, secrets) };
    case "noted":
      return { ...record, data: maskedNote(record.data, record.command, secrets) };
  }
}

function maskedOutcome(command: CommandId, outcome: Outcome, secrets: RunSecrets): Outcome {
  if ("error" in outcome) return { error: secrets.error(outcome.error) };
  const value = toJson(decodeValue(outcome.ok));
  const masked = secrets.outcome(command, value);
  // What the encoding has beyond JSON is kept where nothing is secret.
  return isSameJson(value, masked) ? outcome : { ok: encodeValue(fromJson(masked)) };
}

function maskedNote(data: JsonObject, command: CommandId | undefined, secrets: RunSecrets): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([member, value]) => {
      if (words.has(member)) return [member, value] as const;
      if (nested.has(member)) return [member, maskedNote(value as JsonObject, command, secrets)] as const;
      const shown =
        member === "input" && command !== undefined ? policyInput(value, command, secrets) : value;
      return [member, secrets.mask.value(shown)] as const;
    }),
  );
}

/** The document that policy saw: it holds the inputs of the call. */
function policyInput(input: JsonValue, command: CommandId, secrets: RunSecrets): JsonValue {
  const document = input as { function?: { inputs?: JsonObject } };
  const inputs = document.function?.inputs;
  if (inputs === undefined) return input;
  return {
    ...document,
    function: { ...document.function, inputs: secrets.inputs(command, inputs) },
  } as JsonValue;
}
