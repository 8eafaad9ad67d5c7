/** `json.indent`: lays out JSON text over lines; numbers and strings stay as they are written. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { JsonReader } from "./json-reader.ts";

/** Beyond, the indentation alone would be quadratic in the size of the text. */
const MAX_DEPTH = 500;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;

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
    switch (first) {
      case 91: // [
      case 123: // {
        this.container(first, first + 2);
        return;
      case 34: // "
        reader.string();
        break;
      case 110: // n
        reader.word("null");
        break;
      case 116: // t
        reader.word("true");
        break;
      case 102: // f
        reader.word("false");
        break;
      default:
        if (first !== 45 && !(first >= 48 && first <= 57))
          throw this.invalid("looking for beginning of value");
        reader.number();
    }
    this.append(reader.text.slice(start, reader.offset));
  }

  end(): void {
    if (!Number.isNaN(this.reader.peek())) throw this.invalid("after top-level value");
  }

  /** Brackets are given by their codes. */
  private container(open: number, close: number): void {
    const { reader } = this;
    if (this.depth >= MAX_DEPTH) throw reader.error(`nested more than ${MAX_DEPTH} deep`);
    reader.offset++;
    this.append(String.fromCharCode(open));
    if (!reader.accept(close)) {
      this.depth++;
      this.elements(open === OPEN_BRACE, close);
      this.depth--;
      this.newLine();
    }
    this.append(String.fromCharCode(close));
  }

  private elements(areFields: boolean, close: number): void {
    const { reader } = this;
    for (;;) {
      this.newLine();
      if (areFields) {
        if (reader.require() !== QUOTE) throw this.invalid("looking for beginning of object key string");
        this.value();
        if (!reader.accept(COLON)) throw this.invalid("after object key");
        this.append(": ");
      }
      this.value();
      if (reader.accept(close)) return;
      if (!reader.accept(COMMA))
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
