// `w.form`: a question to people, listed until somebody has answered it or its time is over.
import type { Form, FormField, FormValues } from "../../protocol/form.ts";
import { formId } from "../../protocol/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { decodeValue, encodeValue, fromJson, toJson } from "../../starlark/index.ts";
import { isSameJson } from "../canonical-json.ts";
import { checkValues, type Fault } from "../forms/check-values.ts";
import { unfillable } from "../forms/unfillable.ts";
import { formEvent } from "../run-events.ts";
import type { CommandInput, Kind, RunFold, Turn } from "./kind.ts";
import type { ResultByHand } from "./result-by-hand.ts";
import { type Patient, patient, setTimeoutOf, shownWaiting, TIMEOUT, timeoutTimers } from "./timeout.ts";

export interface FormCommand extends Patient {
  filledBy: string | undefined;
}

type Filled = Extract<CommandInput, { type: "form_filled" }>;

export const formKind: Kind<FormCommand> = {
  opened: (command, run) => ({ ...patient(command, run), filledBy: undefined }),
  noted(command, { note, data }) {
    if (note === "form_filled") command.filledBy = String(data.by);
  },
  begin,
  take(turn, command, input) {
    return input.type === "form_filled" ? fill(turn, command, input) : undefined;
  },
  takeLate(command, input) {
    return input.type === "form_filled" && !isRepeated(command, input) ? formClosed(command) : undefined;
  },
  due(turn, command, kind) {
    if (kind === TIMEOUT) turn.complete(command, { ok: encodeValue(null) });
  },
  ended(turn, command) {
    if (!wasRefused(command)) tell(turn, command, "closed");
  },
  resultByHand: valuesByHand,
  timers: timeoutTimers,
  waitsOn: ({ id }, { options }) => [{ kind: "form", id: formId(options.start.id, id) }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for somebody to fill in "${name}"`,
  shown: (command) => shownWaiting(command),
  details: ({ id }, { options }) => ({ form: formId(options.start.id, id) }),
};

const INVALID_FORM = "InvalidForm";

/** Once: a form that was opened before it would have been refused stays open. */
function begin(turn: Turn, command: FormCommand): void {
  const fault = unfillable(fieldsOf(command));
  if (fault !== undefined) {
    turn.complete(command, { error: { code: INVALID_FORM, message: `form: ${fault}` } });
    return;
  }
  setTimeoutOf(turn, command);
  tell(turn, command, "opened");
}

/** Whether it ended as it began, and nobody was asked. */
function wasRefused({ end, operated }: FormCommand): boolean {
  if (end?.kind !== "completed" || !("error" in end.outcome)) return false;
  return end.outcome.error.code === INVALID_FORM && operated === undefined;
}

/** The form as people see it. */
export function formOf(command: FormCommand, { options: { start } }: Pick<RunFold, "options">): Form {
  const { id, name, args, scheduledAt, dueAt, end } = command;
  const { description, fields, assignees } = args as Partial<
    Pick<Form, "description" | "fields" | "assignees">
  >;
  return {
    id: formId(start.id, id),
    run: start.id,
    workflow: start.workflow,
    command: id,
    title: name,
    ...(description === undefined ? {} : { description }),
    fields: fields ?? [],
    assignees: assignees ?? [],
    initiator: start.initiator,
    openedAt: scheduledAt,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...stateOf(command),
    ...(end ? { closedAt: end.at } : {}),
  };
}

function stateOf({
  args,
  end,
  filledBy,
  operated,
}: FormCommand): Pick<Form, "state" | "filledBy" | "values"> {
  if (!end) return { state: "pending" };
  if (end.kind === "cancelled" || "error" in end.outcome) return { state: "withdrawn" };
  const returned = toJson(decodeValue(end.outcome.ok));
  if (!isJsonObject(returned)) return { state: "expired" };
  const values = isSigned(args) ? (returned.values as JsonObject) : returned;
  const by = filledBy ?? operated?.by;
  return { state: "filled", values, ...(by === undefined ? {} : { filledBy: by }) };
}

function fill(turn: Turn, command: FormCommand, { by, values: given }: Filled): ErrorData | undefined {
  const { assignees = [] } = command.args as { assignees?: string[] };
  if (assignees.length > 0 && !assignees.includes(by)) {
    return { code: "not_assigned", message: `this form is for ${assignees.join(", ")}, not for ${by}` };
  }
  const checked = checkValues(fieldsOf(command), given);
  if ("faults" in checked) {
    return {
      code: "invalid_form",
      message: `the form cannot be taken like this: ${inWords(checked.faults)}`,
      details: { errors: checked.faults as unknown as JsonObject[] },
    };
  }
  turn.note("form_filled", { by }, command.id);
  turn.complete(command, { ok: encodeValue(fromJson(returnedFor(command, checked.values, by))) });
  return undefined;
}

/** What the call returns. Only where it asks for that, `by` is beside the values: among them it could be a field. */
function returnedFor({ args }: FormCommand, values: FormValues, by: string): JsonObject {
  return isSigned(args) ? { by, values } : values;
}

function isSigned({ signed }: JsonObject): boolean {
  return signed === true;
}

/** What fits the form, whoever it is for. It is the operator's answer. */
function valuesByHand(command: FormCommand, value: JsonValue, by: string): ResultByHand {
  if (value === null) return { value };
  if (!isJsonObject(value)) return { fault: "returns what was filled in: give it a JSON object, or null" };
  const checked = checkValues(fieldsOf(command), value);
  return "faults" in checked
    ? { fault: `cannot be filled in like this: ${inWords(checked.faults)}` }
    : { value: returnedFor(command, checked.values, by) };
}

function fieldsOf({ args }: FormCommand): FormField[] {
  return (args as { fields?: FormField[] }).fields ?? [];
}

function inWords([first]: readonly Fault[]): string {
  return `${first?.pointer.slice("/values/".length)} ${first?.message}`;
}

/** Whether this is the answer that was taken, once more. */
function isRepeated(command: FormCommand, { by, values }: Filled): boolean {
  if (command.filledBy !== by) return false;
  const checked = checkValues(fieldsOf(command), values);
  const taken: FormValues | undefined = stateOf(command).values;
  return "values" in checked && taken !== undefined && isSameJson(checked.values, taken);
}

function formClosed(command: FormCommand): ErrorData {
  const { state, filledBy } = stateOf(command);
  const who = filledBy === undefined ? "" : ` by ${filledBy}`;
  return { code: "form_closed", message: `the form was ${state}${who} before` };
}

function tell(turn: Turn, command: FormCommand, what: "opened" | "closed"): void {
  const form = formOf(command, turn.state);
  turn.effect({ kind: "put_form", form });
  turn.effect({ kind: "emit", event: formEvent(turn.options.start, what, form, turn.now) });
}
