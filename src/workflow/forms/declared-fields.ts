// Fields as a script declares them: of a form, and of what a start by hand takes.
import { RE2JS } from "re2js";
import { type FormField, fieldTypes } from "../../protocol/form.ts";
import { isName } from "../../protocol/ids.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { type CallContext, StarlarkDict, StarlarkError, typeName, type Value } from "../../starlark/index.ts";
import { MAX_FORM_FIELDS, MAX_FORM_OPTIONS, MAX_PATTERN_LENGTH } from "../limits.ts";
import { jsonArgument } from "../w/json-argument.ts";
import { faultOf, isDate } from "./check-values.ts";

const optionNames = ["type", "label", "help", "required", "default", "options", "min", "max", "pattern"];

/** Who asks for the fields: the function and its parameter, and the code of the error that says what is wrong. */
interface Asked {
  fn: string;
  parameter: string;
  code: string;
}

function invalid({ fn, code }: Asked, message: string): StarlarkError {
  return new StarlarkError(`${fn}: ${message}`, { code });
}

/**
 * The fields of a dict from names to a type, or to a dict of `type`, `label`, `help`, `required`, `default`, `options`,
 * `min`, `max`, `pattern`: 1 to 50 of them, in its order. Throws an error of the code that is asked for.
 */
export function declaredFields(asked: Asked, fields: Value, ctx: CallContext): FormField[] {
  const entries = fields instanceof StarlarkDict ? [...fields.entries.values()] : [];
  if (entries.length === 0 || entries.length > MAX_FORM_FIELDS) {
    const wanted = `want 1 to ${MAX_FORM_FIELDS}`;
    throw invalid(asked, `for parameter ${asked.parameter}: ${entries.length} of them, ${wanted}`);
  }
  ctx.charge(entries.length * 10, entries.length * 256);
  return entries.map(({ key, value }) => fieldOf(asked, key, value));
}

function fieldOf(asked: Asked, key: Value, given: Value): FormField {
  if (typeof key !== "string" || !isName(key)) {
    const got = typeof key === "string" ? `"${key.slice(0, 80)}"` : typeName(key);
    throw invalid(
      asked,
      `a field is named ${got}, want 1 to 64 letters, digits, '.', '_' or '-', not at the ends`,
    );
  }
  const options = typeof given === "string" ? { type: given } : optionsOf(asked, key, given);
  const field = { name: key, ...options } as FormField;
  const fault = fieldFault(field);
  if (fault !== undefined) throw invalid(asked, `field ${key}: ${fault}`);
  return field;
}

function optionsOf(asked: Asked, name: string, given: Value): JsonObject {
  if (!(given instanceof StarlarkDict)) {
    throw invalid(asked, `field ${name}: got ${typeName(given)}, want a type or a dict`);
  }
  const options: JsonObject = {};
  for (const { key, value } of given.entries.values()) {
    if (typeof key !== "string" || !optionNames.includes(key)) {
      throw invalid(
        asked,
        `field ${name}: there is no option ${String(key)}, only ${optionNames.join(", ")}`,
      );
    }
    if (value !== null) options[key] = jsonArgument(asked.fn, asked.parameter, value);
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
  if (type === "secret" && preset !== undefined) return "a secret has no default: all could read it here";
  if (pattern !== undefined && !["string", "text", "secret"].includes(type))
    return `${type} takes no pattern`;
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
