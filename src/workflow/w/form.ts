// `w.form`: what a script asks people.
import type { JsonObject } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  StarlarkList,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { declaredFields } from "../forms/declared-fields.ts";
import { MAX_TITLE_LENGTH } from "../limits.ts";
import { durationArgument } from "./duration.ts";
import { issue } from "./issue.ts";
import { checkPayload } from "./json-argument.ts";

const MAX_ASSIGNEES = 50;

function invalidForm(message: string): StarlarkError {
  return new StarlarkError(`form: ${message}`, { code: "InvalidForm" });
}

/**
 * `w.form("Release notes", {"notes": "text", "risk": {"type": "choice", "options": ["low", "high"], "required": True}})`:
 * asks people, and returns what was filled in, a dict with every field, None for those left empty. `fields` maps names
 * to a type or to a dict of `type`, `label`, `help`, `required`, `default`, `options`, `min`, `max`, `pattern` (RE2).
 * `assignees` are who may answer; any operator where it is left out. None when `timeout` comes first. `signed`: who
 * has answered, too, in a dict of `by` and `values`.
 */
export const form: Builtin = defineBuiltin(
  "form",
  "title: string, fields: dict, *, description??: string, assignees??: list, timeout??, signed??: bool",
  (
    ctx: CallContext,
    title: string,
    fields: Value,
    description?: string,
    assignees?: Value,
    timeout?: Value,
    signed?: boolean,
  ) => {
    if (title === "" || title.length > MAX_TITLE_LENGTH) {
      throw invalidForm(`for parameter title: ${title.length} characters, want 1 to ${MAX_TITLE_LENGTH}`);
    }
    const declared = declaredFields({ fn: "form", parameter: "fields", code: "InvalidForm" }, fields, ctx);
    const args: JsonObject = { fields: declared as unknown as JsonObject[] };
    if (description !== undefined) args.description = description;
    if (assignees !== undefined) args.assignees = assigneesOf(assignees);
    if (timeout !== undefined) args.timeoutMs = durationArgument("form", "timeout", timeout);
    if (signed) args.signed = true;
    checkPayload("form", args);
    return issue(ctx, { kind: "form", name: title, args });
  },
);

function assigneesOf(given: Value): string[] {
  const items = given instanceof StarlarkList ? given.items : [];
  if (items.length === 0 || items.length > MAX_ASSIGNEES) {
    throw invalidForm(
      `for parameter assignees: got ${items.length} names of people, want 1 to ${MAX_ASSIGNEES}`,
    );
  }
  return items.map((item, index) => {
    if (typeof item === "string" && item !== "") return item;
    const got = item === "" ? "an empty text" : typeName(item);
    throw invalidForm(`for parameter assignees, at ${index}: got ${got}, want the name of somebody`);
  });
}
