/** `string.format`: replacement fields `{}`, `{0}`, `{name}`, with `!s` or `!r`, and nothing more. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import type { KeywordArgument } from "../value/call.ts";
import { quoteString } from "../value/quote.ts";
import { repr } from "../value/repr.ts";
import type { Value } from "../value/value.ts";
import { displayText } from "./display-text.ts";

/** Replaces the fields of a template by arguments; `{{` and `}}` stand for braces. */
export function formatTemplate(
  template: string,
  args: readonly Value[],
  kwargs: readonly KeywordArgument[],
  budget: Budget,
): string {
  const fields = new FieldArguments(args, kwargs);
  let text = "";
  const append = (piece: string): void => {
    budget.charge(1 + piece.length / 256, piece.length);
    text += piece;
  };
  for (let at = 0; ; ) {
    const open = template.indexOf("{", at);
    append(literal(template.slice(at, open < 0 ? undefined : open)));
    if (open < 0) return text;
    if (template[open + 1] === "{") {
      append("{");
      at = open + 2;
      continue;
    }
    const close = template.indexOf("}", open);
    if (close < 0) throw new EvaluationError("format: unmatched '{' in format");
    append(replaceField(template.slice(open + 1, close), fields, budget));
    at = close + 1;
  }
}

function literal(text: string): string {
  if (!text.includes("}")) return text;
  const halves = text.split("}}");
  if (halves.some((half) => half.includes("}"))) {
    throw new EvaluationError("format: single '}' in format");
  }
  return halves.join("}");
}

function replaceField(field: string, fields: FieldArguments, budget: Budget): string {
  const bang = field.indexOf("!");
  const colon = field.indexOf(":", bang + 1);
  const name = field.slice(0, bang >= 0 ? bang : colon >= 0 ? colon : undefined);
  const conversion = bang < 0 ? "s" : field.slice(bang + 1, colon >= 0 ? colon : undefined);
  const spec = colon < 0 ? "" : field.slice(colon + 1);
  const value = fields.get(name);
  if (spec !== "") {
    throw new EvaluationError(`format: format spec features not supported in replacement fields: ${spec}`);
  }
  if (conversion === "s") return displayText(value, budget);
  if (conversion === "r") return repr(value, budget);
  throw new EvaluationError(`format: unknown conversion ${quoteString(conversion)}`);
}

/** Hands out arguments to fields; numbered and unnumbered fields do not mix. */
class FieldArguments {
  private readonly args: readonly Value[];
  private readonly kwargs: readonly KeywordArgument[];
  private next = 0;
  private numbering: "automatic" | "manual" | undefined;

  constructor(args: readonly Value[], kwargs: readonly KeywordArgument[]) {
    this.args = args;
    this.kwargs = kwargs;
  }

  get(name: string): Value {
    if (name === "") {
      this.number("automatic");
      return this.at(this.next++);
    }
    if (/^[0-9]+$/.test(name)) {
      this.number("manual");
      return this.at(Number(name));
    }
    const found = this.kwargs.find(([key]) => key === name);
    if (found === undefined) throw new EvaluationError(`format: ${missing(name)}`);
    return found[1];
  }

  private number(kind: "automatic" | "manual"): void {
    if (this.numbering !== undefined && this.numbering !== kind) {
      throw new EvaluationError(
        kind === "automatic"
          ? "format: cannot switch from manual field specification to automatic field numbering"
          : "format: cannot switch from automatic field numbering to manual field specification",
      );
    }
    this.numbering = kind;
  }

  private at(index: number): Value {
    const value = this.args[index];
    if (value === undefined) throw new EvaluationError("format: tuple index out of range");
    return value;
  }
}

function missing(name: string): string {
  if (name.includes(".")) return `attribute syntax x.y is not supported in replacement fields: ${name}`;
  if (name.includes("[")) return `element syntax a[i] is not supported in replacement fields: ${name}`;
  if (name.includes("{")) return "nested replacement fields not supported";
  return `keyword ${name} not found`;
}
