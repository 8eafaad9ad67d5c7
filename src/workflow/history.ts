// Histories of runs: read from files, and replayed against a program, the run's own or a changed one.
import type { z } from "zod";
import { HISTORY_FORMAT, type HistoryHead, historyHeadSchema } from "../protocol/history.ts";
import { isRunId } from "../protocol/ids.ts";
import { type JournalRecord, journalRecordSchema, type NotedRecord } from "../protocol/journal.ts";
import { isJsonObject, type JsonValue } from "../protocol/json.ts";
import { type ErrorData, ok, type Result, refuse } from "../protocol/result.ts";
import { finishedStates } from "../protocol/run.ts";
import { isSameJson } from "./canonical-json.ts";
import { type EndRecord, endOf } from "./journal-state.ts";
import type { Workflow } from "./load-workflow.ts";
import type { InspectableRun, RunStart, Sha256Hex } from "./machine-types.ts";
import { programDigest } from "./program.ts";
import { loadRun } from "./run-machine.ts";
import { isSameButMasked } from "./secrets/same-but-masked.ts";

export interface History {
  head: HistoryHead;
  records: JournalRecord[];
}

/** The text of a history's file: JSON, a line for the head and one for each record. */
export function historyText({ head, records }: History): string {
  return [head, ...records].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Reads a history's file. Refuses `invalid_history` with the line that is wrong. */
export function parseHistory(text: string): Result<History> {
  const values: JsonValue[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      values.push(JSON.parse(line) as JsonValue);
    } catch {
      return refuse(
        "invalid_history",
        `line ${index + 1} is no JSON: is this the file of \`sluice run export\`?`,
      );
    }
  }
  const [first, ...rest] = values;
  if (first === undefined) return refuse("invalid_history", "the file is empty");
  const head = historyHeadSchema.safeParse(first);
  if (!head.success) {
    const format = isJsonObject(first) ? first.history : undefined;
    return refuse(
      "invalid_history",
      typeof format === "number" && format !== HISTORY_FORMAT
        ? `the file is in format ${format}, this version reads ${HISTORY_FORMAT}`
        : `the first line is no head of a history: ${placeAndFault(head.error)}`,
    );
  }
  for (const [index, record] of rest.entries()) {
    const fault = faultOf(record, index + 1);
    if (fault !== undefined) return refuse("invalid_history", fault);
  }
  return ok({ head: head.data, records: rest as unknown as JournalRecord[] });
}

/** What is wrong with a line as the record of this number; undefined when nothing is. */
function faultOf(line: JsonValue, seq: number): string | undefined {
  const found = journalRecordSchema.safeParse(line);
  if (found.success)
    return found.data.seq === seq ? undefined : `record ${seq} is missing: the journal has a gap`;
  const member = String(found.error.issues[0]?.path[0]);
  const name = isJsonObject(line) ? line[member] : undefined;
  // Of a later version, most likely: a name says more than the list of those that are known.
  if (["type", "kind", "note"].includes(member) && typeof name === "string")
    return `record ${seq} has the ${member} "${name}", which this version does not know`;
  return `line ${seq + 1} is no record: ${placeAndFault(found.error)}`;
}

function placeAndFault({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.join(".") ?? "";
  return `${place === "" ? "" : `${place}: `}${issue?.message}`;
}

/**
 * Refuses `invalid_history` unless it is whole and of one piece: its program is the one that it names, the journal is
 * that of this run, from its start to its end, and its records do not contradict each other.
 */
export function checkFinished({ head, records }: History, sha256Hex: Sha256Hex): Result<null> {
  const invalid = (message: string) => refuse("invalid_history", message);
  const { run, program } = head;
  if (!isRunId(run.id)) return invalid(`${run.id} is no id of a run`);
  const digest = programDigest(program, sha256Hex);
  if (program.digest !== digest || run.program.digest !== digest) {
    return invalid(`the program's digest is ${digest}, the head says otherwise`);
  }
  const [first] = records;
  const isStart = first?.type === "noted" && first.note === "started";
  if (!isStart || first.data.digest !== digest || first.data.workflow !== run.workflow) {
    return invalid("the first record is not the start of the run that the head names");
  }
  if (!endOf(records.at(-1))) {
    return invalid("the run was not over when this was written: `sluice replay` takes such a history");
  }
  if (records.findIndex(endOf) < records.length - 1) {
    return invalid("the journal goes on after its end");
  }
  try {
    const { state } = loadRun(undefined, { start: run as unknown as RunStart, records, sha256Hex }).summary();
    return finishedStates.includes(state) ? ok(null) : invalid(`a run does not end in ${state}`);
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Replays a history: what is the first thing in which the workflow differs from it? Undefined when it does all that
 * the history has, and where the run was over, ends in the same way. `invalid_history` when the journal cannot be read.
 */
export function firstDifference(
  workflow: Workflow,
  { head, records }: History,
  sha256Hex: Sha256Hex,
): ErrorData | undefined {
  const { finished, isByItself, before } = withoutEnd(records);
  let machine: InspectableRun;
  try {
    machine = loadRun(workflow, { start: head.run as unknown as RunStart, records: before, sha256Hex });
  } catch (error) {
    return { code: "invalid_history", message: error instanceof Error ? error.message : String(error) };
  }
  if (machine.stuck) return machine.stuck;
  if (!finished || !isByItself) return undefined;
  // The last thing the script was told has been delivered: what it does now must be its end.
  const { records: next } = machine.handle(
    { type: "resume" },
    { now: finished.at, entropy: () => new Uint8Array(16) },
  );
  return differentEnd(finished, next[0], head.run.masked === true ? isSameButMasked : isSameJson);
}

/** The journal without how the run ended; nobody's script ends a run that was terminated. */
function withoutEnd(records: readonly JournalRecord[]): {
  finished: EndRecord | undefined;
  isByItself: boolean;
  before: readonly JournalRecord[];
} {
  const finished = endOf(records.at(-1));
  if (!finished) return { finished, isByItself: false, before: records };
  const previous = records.at(-2);
  const isTerminated = previous?.type === "noted" && previous.note === "terminated";
  return { finished, isByItself: !isTerminated, before: records.slice(0, isTerminated ? -2 : -1) };
}

function differentEnd(
  expected: EndRecord,
  got: JournalRecord | undefined,
  isSameValue: (written: JsonValue, value: JsonValue) => boolean,
): ErrorData | undefined {
  const { state, output = null, error } = expected.data;
  const message = `the journal has the end of the run here (${String(state)})`;
  if (got?.type === "scheduled") {
    const { file, line, column } = got.position;
    return {
      code: "NonDeterminism",
      message: `${message}, the script calls ${got.kind}${got.name === "" ? "" : ` "${got.name}"`} at ${file}:${line}:${column}`,
      details: {
        expected: { ...expected.data },
        got: { command: got.command, position: { ...got.position } },
      },
    };
  }
  const end = endOf(got);
  if (!end) {
    return { code: "NonDeterminism", message: `${message}, the script goes on waiting` };
  }
  const isSame =
    end.data.state === state &&
    isSameValue(output, end.data.output ?? null) &&
    isSameValue(error?.code ?? null, end.data.error?.code ?? null);
  if (isSame) return undefined;
  const shown = (data: NotedRecord["data"]) =>
    JSON.stringify({ state: data.state, output: data.output, error: data.error }).slice(0, 300);
  return {
    code: "DifferentEnd",
    message: `the run ended with ${shown(expected.data)}, the script ends with ${shown(end.data)}`,
    details: { expected: { ...expected.data }, got: { ...end.data } },
  };
}
