// An event that a trigger may be for: the last of its type with what `match` asks for put in, or nothing but that.
import type { CloudEvent } from "../../../../src/protocol/cloud-event.ts";
import type { JsonValue } from "../../../../src/protocol/json.ts";
import type { Trigger } from "../../api/client.ts";

type Draft = { type: string; subject?: string; data: JsonValue };

/** The value with `wanted` at the path; where the path leads through something else than objects, they take its place. */
function withValue(value: JsonValue | undefined, [step, ...rest]: string[], wanted: JsonValue): JsonValue {
  if (step === undefined) return wanted;
  if (Array.isArray(value) && /^\d{1,4}$/.test(step) && Number(step) < value.length) {
    return value.map((item, index) => (index === Number(step) ? withValue(item, rest, wanted) : item));
  }
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return {
    ...object,
    [step]: withValue(Object.hasOwn(object, step) ? object[step] : undefined, rest, wanted),
  };
}

/** `last` is the newest event of the trigger's type, if one has arrived. */
export function exampleFor(trigger: Pick<Trigger, "type" | "match">, last?: CloudEvent): Draft {
  // A prefix stands for many types: the last one's, or one that is to be completed.
  const type = last?.type ?? trigger.type.replace(/\*$/, "example");
  const draft: JsonValue = { subject: last?.subject ?? "", data: last?.data ?? {} };
  const filled = Object.entries((trigger.match ?? {}) as Record<string, JsonValue>).reduce<JsonValue>(
    (event, [path, wanted]) => withValue(event, path.split("."), wanted),
    draft,
  ) as { subject?: JsonValue; data?: JsonValue };
  const { subject, data } = filled;
  return { type, ...(typeof subject === "string" && subject && { subject }), data: data ?? {} };
}
