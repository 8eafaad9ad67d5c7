/**
 * Reads JSON text (RFC 8259) token by token. What is wrong is reported in starlark-go's words, with
 * the offset.
 */
import { EvaluationError } from "../errors.ts";
import { quoteString } from "../value/quote.ts";

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** A quote, a backslash or a control character. */
const STRING_END = /[^ !#-[\]-\uffff]/g;
const NUMBER_CHARACTERS = /[-+.eE0-9]*/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

export class JsonReader {
  readonly text: string;
  offset = 0;
  private readonly caller: string;

  /** `caller` is what error messages begin with. */
  constructor(text: string, caller: string) {
    this.text = text;
    this.caller = caller;
  }

  /** The next character that is not white space, undefined at the end; the reader stays before it. */
  peek(): string | undefined {
    for (;;) {
      const code = this.text.charCodeAt(this.offset);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return this.text[this.offset];
      this.offset++;
    }
  }

  /** As `peek`, where the text must not end. */
  require(): string {
    const character = this.peek();
    if (character === undefined) throw this.error("unexpected end of file");
    return character;
  }

  /** Goes past a character, if it is the next. */
  accept(character: string): boolean {
    if (this.require() !== character) return false;
    this.offset++;
    return true;
  }

  /** Goes past the given word. */
  word(word: string): void {
    if (!this.text.startsWith(word, this.offset)) throw this.unexpected();
    this.offset += word.length;
  }

  /** The text of the number that begins here. */
  number(): string {
    NUMBER_CHARACTERS.lastIndex = this.offset;
    const number = NUMBER_CHARACTERS.exec(this.text)?.[0] ?? "";
    this.offset += number.length;
    if (!NUMBER.test(number)) throw this.error(`invalid number: ${number.slice(0, 100)}`);
    return number;
  }

  /** The string that begins here. */
  string(): string {
    this.offset++;
    let value = "";
    for (;;) {
      STRING_END.lastIndex = this.offset;
      const end = STRING_END.exec(this.text);
      if (end === null) throw this.error("unclosed string literal");
      value += this.text.slice(this.offset, end.index);
      this.offset = end.index + 1;
      if (end[0] === '"') return value.toWellFormed();
      if (end[0] !== "\\") {
        this.offset--;
        throw this.error(`invalid character ${quoteCharacter(end[0])} in string literal`);
      }
      value += this.escape();
    }
  }

  private escape(): string {
    const character = this.text[this.offset];
    if (character === undefined) throw this.error("unclosed string literal");
    const known = ESCAPES[character];
    if (known !== undefined) {
      this.offset++;
      return known;
    }
    const digits = this.text.slice(this.offset + 1, this.offset + 5);
    if (character !== "u")
      throw this.error(`invalid character ${quoteCharacter(character)} in string escape code`);
    const wrong = /[^0-9a-fA-F]/.exec(digits)?.[0];
    if (wrong !== undefined) {
      throw this.error(`invalid character ${quoteCharacter(wrong)} in \\u hexadecimal character escape`);
    }
    if (digits.length < 4) throw this.error("unclosed string literal");
    this.offset += 5;
    // Surrogates meet in the text; those that find no partner are replaced at its end.
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  /** Checks that nothing follows the value. */
  end(): void {
    const character = this.peek();
    if (character !== undefined) {
      throw this.error(`unexpected character ${quoteCharacter(this.character())} after value`);
    }
  }

  unexpected(): EvaluationError {
    return this.error(`unexpected character ${quoteCharacter(this.character())}`);
  }

  /** For `after object key, got '1', want ':'`. */
  wanted(where: string, want: string): EvaluationError {
    return this.error(`${where}, got ${quoteCharacter(this.character())}, want ${want}`);
  }

  error(problem: string): EvaluationError {
    return new EvaluationError(`${this.caller}: at offset ${this.offset}, ${problem}`);
  }

  private character(): string {
    return String.fromCodePoint(this.text.codePointAt(this.offset) ?? 0);
  }
}

function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  return `'${quoteString(character).slice(1, -1)}'`;
}
