/** `string.format`: replacement fields `{}`, `{0}`, `{name}`, with `!s` or `!r`, and nothing more. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import type { KeywordArgument } from "../value/call.ts";
import { quoteString } from "../value/quote.ts";
import { repr } from "../value/repr.ts";
import type { Value } from "../value/value.ts";
import { displayText } from "./display-text.ts";
import { RecentlyParsed } from "./recently-parsed.ts";

/** A replacement field and the text before it. */
interface Field {
  readonly before: string;
  /** Undefined: the next argument. */
  readonly name: string | number | undefined;
  readonly conversion: string;
  readonly spec: string;
}

interface Template {
  readonly fields: readonly Field[];
  /** The text behind the last field. */
  readonly after: string;
  /** What is wrong behind the last field. */
  readonly problem: string | undefined;
}

const templates = new RecentlyParsed(parseTemplate);

function parseTemplate(template: string): Template {
  const fields: Field[] = [];
  let before = "";
  for (let at = 0; ; ) {
    const open = template.indexOf("{", at);
    const text = literal(template.slice(at, open < 0 ? undefined : open));
    if (text === undefined) return { fields, after: "", problem: "format: single '}' in format" };
    before += text;
    if (open < 0) return { fields, after: before, problem: undefined };
    if (template[open + 1] === "{") {
      before += "{";
      at = open + 2;
      continue;
    }
    const close = template.indexOf("}", open);
    if (close < 0) return { fields, after: "", problem: "format: unmatched '{' in format" };
    fields.push(parseField(before, template.slice(open + 1, close)));
    before = "";
    at = close + 1;
  }
}

/** The text that a piece without fields stands for; undefined when it has a brace by itself. */
function literal(text: string): string | undefined {
  if (!text.includes("}")) return text;
  const halves = text.split("}}");
  return halves.some((half) => half.includes("}")) ? undefined : halves.join("}");
}

function parseField(before: string, field: string): Field {
  const bang = field.indexOf("!");
  const colon = field.indexOf(":", bang + 1);
  const name = field.slice(0, bang >= 0 ? bang : colon >= 0 ? colon : undefined);
  return {
    before,
    name: name === "" ? undefined : /^[0-9]+$/.test(name) ? Number(name) : name,
    conversion: bang < 0 ? "s" : field.slice(bang + 1, colon >= 0 ? colon : undefined),
    spec: colon < 0 ? "" : field.slice(colon + 1),
  };
}

/** Replaces the fields of a template by arguments; `{{` and `}}` stand for braces. */
export function formatTemplate(
  template: string,
  args: readonly Value[],
  kwargs: readonly KeywordArgument[],
  budget: Budget,
): string {
  budget.charge(template.length / 64, template.length);
  const { fields, after, problem } = templates.get(template);
  let text = "";
  let next = 0;
  let isNumbered = false;
  for (const field of fields) {
    let value: Value | undefined;
    if (typeof field.name === "string") value = namedArgument(kwargs, field.name);
    else if (field.name === undefined) {
      if (isNumbered) throw mixed("manual field specification", "automatic field numbering");
      value = args[next++];
    } else {
      if (next > 0) throw mixed("automatic field numbering", "manual field specification");
      isNumbered = true;
      value = args[field.name];
    }
    if (value === undefined) throw new EvaluationError("format: tuple index out of range");
    const piece = convert(field, value, budget);
    budget.charge(1 + piece.length / 256, piece.length);
    text += field.before + piece;
  }
  if (problem !== undefined) throw new EvaluationError(problem);
  return text + after;
}

function convert({ conversion, spec }: Field, value: Value, budget: Budget): string {
  if (spec !== "") {
    throw new EvaluationError(`format: format spec features not supported in replacement fields: ${spec}`);
  }
  if (conversion === "s") return displayText(value, budget);
  if (conversion === "r") return repr(value, budget);
  throw new EvaluationError(`format: unknown conversion ${quoteString(conversion)}`);
}

function mixed(from: string, to: string): EvaluationError {
  return new EvaluationError(`format: cannot switch from ${from} to ${to}`);
}

function namedArgument(kwargs: readonly KeywordArgument[], name: string): Value {
  for (const [key, value] of kwargs) if (key === name) return value;
  throw new EvaluationError(`format: ${missing(name)}`);
}

function missing(name: string): string {
  if (name.includes(".")) return `attribute syntax x.y is not supported in replacement fields: ${name}`;
  if (name.includes("[")) return `element syntax a[i] is not supported in replacement fields: ${name}`;
  if (name.includes("{")) return "nested replacement fields not supported";
  return `keyword ${name} not found`;
}
