/** `json.indent`: lays out JSON text over lines; numbers and strings stay as they are written. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { JsonReader } from "./json-reader.ts";

/** Beyond, the indentation alone would be quadratic in the size of the text. */
const MAX_DEPTH = 500;

/** The text with every element on a line of its own: `prefix`, then one `indent` per level. */
export function indentJson(text: string, prefix: string, indent: string, budget: Budget): string {
  budget.charge(text.length / 32, 0);
  const writer = new IndentingWriter(new JsonReader(text, "json.indent"), prefix, indent, budget);
  writer.value();
  writer.end();
  return writer.text;
}

class IndentingWriter {
  text = "";
  private readonly reader: JsonReader;
  private readonly prefix: string;
  private readonly indent: string;
  private readonly budget: Budget;
  private depth = 0;

  constructor(reader: JsonReader, prefix: string, indent: string, budget: Budget) {
    this.reader = reader;
    this.prefix = prefix;
    this.indent = indent;
    this.budget = budget;
  }

  value(): void {
    const { reader } = this;
    const first = reader.require();
    const start = reader.offset;
    if (first === "[" || first === "{") {
      this.container(first, first === "[" ? "]" : "}");
      return;
    }
    if (first === '"') reader.string();
    else if (first === "n") reader.word("null");
    else if (first === "t") reader.word("true");
    else if (first === "f") reader.word("false");
    else if (first === "-" || (first >= "0" && first <= "9")) reader.number();
    else throw this.invalid("looking for beginning of value");
    this.append(reader.text.slice(start, reader.offset));
  }

  end(): void {
    if (this.reader.peek() !== undefined) throw this.invalid("after top-level value");
  }

  private container(open: string, close: string): void {
    const { reader } = this;
    if (this.depth >= MAX_DEPTH) throw reader.error(`nested more than ${MAX_DEPTH} deep`);
    reader.offset++;
    this.append(open);
    if (!reader.accept(close)) {
      this.depth++;
      this.elements(open === "{", close);
      this.depth--;
      this.newLine();
    }
    this.append(close);
  }

  private elements(areFields: boolean, close: string): void {
    const { reader } = this;
    for (;;) {
      this.newLine();
      if (areFields) {
        if (reader.require() !== '"') throw this.invalid("looking for beginning of object key string");
        this.value();
        if (!reader.accept(":")) throw this.invalid("after object key");
        this.append(": ");
      }
      this.value();
      if (reader.accept(close)) return;
      if (!reader.accept(","))
        throw this.invalid(areFields ? "after object key:value pair" : "after array element");
      this.append(",");
    }
  }

  private newLine(): void {
    this.append("\n");
    this.append(this.prefix);
    this.budget.charge(0, this.indent.length * this.depth);
    this.append(this.indent.repeat(this.depth));
  }

  private append(piece: string): void {
    this.budget.charge(1 + piece.length / 256, piece.length);
    this.text += piece;
  }

  private invalid(where: string): EvaluationError {
    const { text, offset } = this.reader;
    const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
    return new EvaluationError(`json.indent: at offset ${offset}, invalid character '${character}' ${where}`);
  }
}
