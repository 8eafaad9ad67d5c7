// `w.set_status`, `w.set_label`, `w.set_progress`, `w.set_output`: what a run says about itself.
import type { JsonValue } from "../../protocol/json.ts";
import { encodeValue } from "../../starlark/index.ts";
import type { Annotations } from "../annotations.ts";
import { MAX_LABELS, MAX_OUTPUTS } from "../limits.ts";
import type { Command, Kind } from "./kind.ts";

/** What keeps an annotation from being made, if anything does. */
type Check = (annotations: Annotations, command: Command) => { code: string; message: string } | undefined;

function annotationKind(
  annotate: (annotations: Annotations, command: Command) => void,
  check: Check = () => undefined,
): Kind<Command> {
  return {
    opened: (command) => command,
    outcomeAtOnce(command, _moment, { annotations }) {
      const error = check(annotations, command);
      return error ? { error } : { ok: encodeValue(null) };
    },
    closed(command, _at, { annotations }) {
      const { end } = command;
      if (end?.kind === "completed" && "ok" in end.outcome) annotate(annotations, command);
    },
  };
}

function atMost(limit: number, what: "labels" | "outputs", code: string): Check {
  return (annotations, { name, kind }) =>
    annotations[what].has(name) || annotations[what].size < limit
      ? undefined
      : { code, message: `${kind}: a run has at most ${limit} ${what}` };
}

export const setStatusKind = annotationKind((annotations, { args }) => {
  annotations.status = String(args.text);
});

export const setProgressKind = annotationKind((annotations, { args: { done, total } }) => {
  annotations.progress = { done: Number(done), ...(total === undefined ? {} : { total: Number(total) }) };
});

export const setLabelKind = annotationKind(
  ({ labels }, { name, args: { value } }) => {
    if (value === null) labels.delete(name);
    else labels.set(name, String(value));
  },
  (annotations, command) =>
    command.args.value === null
      ? undefined
      : atMost(MAX_LABELS, "labels", "TooManyLabels")(annotations, command),
);

export const setOutputKind = annotationKind(
  ({ outputs }, { name, args }) => void outputs.set(name, args.value as JsonValue),
  atMost(MAX_OUTPUTS, "outputs", "TooManyOutputs"),
);
