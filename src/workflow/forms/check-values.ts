// Holds what somebody has filled in against the fields of a form.
import { RE2JS } from "re2js";
import type { FormField, FormValues } from "../../protocol/form.ts";
import type { JsonValue } from "../../protocol/json.ts";

export interface Fault {
  /** RFC 6901, into the answer. */
  pointer: string;
  message: string;
}

export const MAX_STRING_LENGTH = 1000;
export const MAX_TEXT_LENGTH = 20_000;

/**
 * The values of all fields, None for those that were left out; or everything that is wrong with them, as pointers below
 * `place`.
 */
export function checkValues(
  fields: readonly FormField[],
  given: FormValues,
  place = "/values",
): { values: FormValues } | { faults: Fault[] } {
  const faults: Fault[] = [];
  const fault = (name: string, message: string) =>
    faults.push({ pointer: `${place}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, message });
  const known = new Set(fields.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) fault(name, `is none of the fields: ${[...known].join(", ")}`);
  }
  const values: FormValues = {};
  for (const field of fields) {
    const own = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    const value = own ?? field.default ?? null;
    const message = value === null ? missing(field) : faultOf(field, value);
    if (message !== undefined) fault(field.name, message);
    values[field.name] = value;
  }
  return faults.length > 0 ? { faults } : { values };
}

function missing({ required }: FormField): string | undefined {
  return required === true ? "is required" : undefined;
}

/** What is wrong with a value of the field; undefined when nothing is. */
export function faultOf(field: FormField, value: JsonValue): string | undefined {
  switch (field.type) {
    case "string":
    case "secret":
      return (
        textFault(field, value, MAX_STRING_LENGTH) ??
        (/[\r\n]/.test(String(value)) ? "must be one line" : undefined)
      );
    case "text":
      return textFault(field, value, MAX_TEXT_LENGTH);
    case "number":
      if (typeof value !== "number") return "must be a number";
      return boundFault(field, value, String);
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "choice":
      return isOption(field, value) ? undefined : `must be one of ${optionsOf(field)}`;
    case "multi_choice":
      return choicesFault(field, value);
    case "date":
      if (typeof value !== "string" || !isDate(value)) return "must be a date, as 2026-11-21";
      return boundFault(field, value, String);
  }
}

/** The most that `min` of a field of this type could ask for; undefined where its type sets no end. */
export function mostOfType({ type, options = [] }: FormField): number | undefined {
  if (type === "string" || type === "secret") return MAX_STRING_LENGTH;
  if (type === "text") return MAX_TEXT_LENGTH;
  return type === "multi_choice" ? options.length : undefined;
}

function textFault(field: FormField, value: JsonValue, maxLength: number): string | undefined {
  if (typeof value !== "string") return "must be a text";
  if (value === "" && field.required === true) return "is required";
  if (value.length > maxLength) return `must have at most ${maxLength} characters`;
  const length = boundFault(field, value.length, (bound) => `${bound} characters long`);
  if (length !== undefined) return length;
  if (field.pattern === undefined) return undefined;
  return RE2JS.compile(field.pattern).matches(value) ? undefined : `must match ${field.pattern}`;
}

function choicesFault(field: FormField, value: JsonValue): string | undefined {
  if (!Array.isArray(value) || !value.every((one) => isOption(field, one))) {
    return `must be a list out of ${optionsOf(field)}`;
  }
  if (new Set(value).size < value.length) return "must not name an option twice";
  if (value.length === 0 && field.required === true) return "is required";
  return boundFault(field, value.length, (bound) => `${bound} options`);
}

function boundFault<T extends number | string>(
  { min, max }: FormField,
  value: T,
  shown: (bound: number | string) => string,
): string | undefined {
  if (typeof min === typeof value && value < (min as T)) return `must be at least ${shown(min as T)}`;
  if (typeof max === typeof value && value > (max as T)) return `must be at most ${shown(max as T)}`;
  return undefined;
}

function optionsOf({ options = [] }: FormField): string {
  return options.join(", ");
}

function isOption({ options = [] }: FormField, value: JsonValue): boolean {
  return typeof value === "string" && options.includes(value);
}

/** A day of the calendar, as ISO 8601 writes it. */
export function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
