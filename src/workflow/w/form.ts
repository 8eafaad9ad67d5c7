// `w.form`: what a script asks people.
import { RE2JS } from "re2js";
import { type FormField, fieldTypes } from "../../protocol/form.ts";
import { isName } from "../../protocol/ids.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkDict,
  StarlarkError,
  StarlarkList,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { faultOf, isDate } from "../forms/check-values.ts";
import { MAX_FORM_FIELDS, MAX_FORM_OPTIONS, MAX_PATTERN_LENGTH, MAX_TITLE_LENGTH } from "../limits.ts";
import { durationArgument } from "./duration.ts";
import { issue } from "./issue.ts";
import { checkPayload, jsonArgument } from "./json-argument.ts";

const MAX_ASSIGNEES = 50;
const optionNames = ["type", "label", "help", "required", "default", "options", "min", "max", "pattern"];

function invalidForm(message: string): StarlarkError {
  return new StarlarkError(`form: ${message}`, { code: "InvalidForm" });
}

/**
 * `w.form("Release notes", {"notes": "text", "risk": {"type": "choice", "options": ["low", "high"], "required": True}})`:
 * asks people, and returns what was filled in, a dict with every field, None for those left empty. `fields` maps names
 * to a type or to a dict of `type`, `label`, `help`, `required`, `default`, `options`, `min`, `max`, `pattern` (RE2).
 * `assignees` are who may answer; any operator where it is left out. None when `timeout` comes first.
 */
export const form: Builtin = defineBuiltin(
  "form",
  "title: string, fields: dict, *, description??: string, assignees??: list, timeout??",
  (
    ctx: CallContext,
    title: string,
    fields: Value,
    description?: string,
    assignees?: Value,
    timeout?: Value,
  ) => {
    if (title === "" || title.length > MAX_TITLE_LENGTH) {
      throw invalidForm(`for parameter title: ${title.length} characters, want 1 to ${MAX_TITLE_LENGTH}`);
    }
    const entries = fields instanceof StarlarkDict ? [...fields.entries.values()] : [];
    if (entries.length === 0 || entries.length > MAX_FORM_FIELDS) {
      throw invalidForm(`for parameter fields: ${entries.length} of them, want 1 to ${MAX_FORM_FIELDS}`);
    }
    ctx.charge(entries.length * 10, entries.length * 256);
    const args: JsonObject = {
      fields: entries.map(({ key, value }) => ({ ...fieldOf(key, value) }) as JsonObject),
    };
    if (description !== undefined) args.description = description;
    if (assignees !== undefined) args.assignees = assigneesOf(assignees);
    if (timeout !== undefined) args.timeoutMs = durationArgument("form", "timeout", timeout);
    checkPayload("form", args);
    return issue(ctx, { kind: "form", name: title, args });
  },
);

function assigneesOf(given: Value): string[] {
  const items = given instanceof StarlarkList ? given.items : [];
  const names = items.filter((item): item is string => typeof item === "string" && item !== "");
  if (names.length === items.length && items.length > 0 && items.length <= MAX_ASSIGNEES) return names;
  throw invalidForm(`for parameter assignees: want a list of 1 to ${MAX_ASSIGNEES} names of people`);
}

function fieldOf(key: Value, given: Value): FormField {
  if (typeof key !== "string" || !isName(key)) {
    const got = typeof key === "string" ? `"${key.slice(0, 80)}"` : typeName(key);
    throw invalidForm(
      `a field is named ${got}, want 1 to 64 letters, digits, '.', '_' or '-', not at the ends`,
    );
  }
  const options = typeof given === "string" ? { type: given } : optionsOf(key, given);
  const field = { name: key, ...options } as FormField;
  const fault = fieldFault(field);
  if (fault !== undefined) throw invalidForm(`field ${key}: ${fault}`);
  return field;
}

function optionsOf(name: string, given: Value): JsonObject {
  if (!(given instanceof StarlarkDict)) {
    throw invalidForm(`field ${name}: got ${typeName(given)}, want a type or a dict`);
  }
  const options: JsonObject = {};
  for (const { key, value } of given.entries.values()) {
    if (typeof key !== "string" || !optionNames.includes(key)) {
      throw invalidForm(`field ${name}: there is no option ${String(key)}, only ${optionNames.join(", ")}`);
    }
    if (value !== null) options[key] = jsonArgument("form", "fields", value);
  }
  return options;
}

/** What is wrong with a field as the script describes it. Its options are still unchecked JSON. */
function fieldFault(field: FormField): string | undefined {
  const { type, options, pattern, default: preset } = field;
  if (!fieldTypes.includes(type)) return `there is no type ${String(type)}, only ${fieldTypes.join(", ")}`;
  for (const name of ["label", "help", "pattern"] as const) {
    if (field[name] !== undefined && typeof field[name] !== "string") return `${name} is no string`;
  }
  if (field.required !== undefined && typeof field.required !== "boolean") return "required is no bool";
  const isChoice = type === "choice" || type === "multi_choice";
  if (isChoice !== (options !== undefined))
    return isChoice ? "a choice needs options" : `${type} takes no options`;
  if (isChoice && !areOptions(options))
    return `options is no list of 1 to ${MAX_FORM_OPTIONS} different strings`;
  if (pattern !== undefined && type !== "string" && type !== "text") return `${type} takes no pattern`;
  if (pattern !== undefined && !isPattern(pattern)) {
    return `pattern is no regular expression of RE2 of at most ${MAX_PATTERN_LENGTH} characters`;
  }
  for (const bound of ["min", "max"] as const) {
    if (field[bound] !== undefined && !isBound(field, field[bound])) return `${bound} does not fit the type`;
  }
  const fault = preset === undefined ? undefined : faultOf(field, preset);
  return fault === undefined ? undefined : `default ${fault}`;
}

function areOptions(options: JsonValue | undefined): boolean {
  if (!Array.isArray(options) || options.length === 0 || options.length > MAX_FORM_OPTIONS) return false;
  return options.every((one) => typeof one === "string") && new Set(options).size === options.length;
}

function isPattern(pattern: string): boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) return false;
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    // The library says what is wrong by throwing.
    return false;
  }
}

function isBound({ type }: FormField, bound: JsonValue): boolean {
  if (type === "boolean" || type === "choice") return false;
  return type === "date" ? typeof bound === "string" && isDate(bound) : typeof bound === "number";
}
