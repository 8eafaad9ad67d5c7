/**
 * Reads JSON text (RFC 8259) token by token. What is wrong is reported in starlark-go's words, with
 * the offset.
 */
import { EvaluationError } from "../errors.ts";
import { quoteString } from "../value/quote.ts";

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const NUMBER_CHARACTERS = /[-+.eE0-9]*/y;

const QUOTE = 34;
const BACKSLASH = 92;
/** The least code unit that can be half a character. */
const FIRST_SURROGATE = 0xd800;

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

  /** The code of the next character that is not white space, NaN at the end; the reader stays before it. */
  peek(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.offset);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code;
      this.offset++;
    }
  }

  /** As `peek`, where the text must not end. */
  require(): number {
    const code = this.peek();
    if (Number.isNaN(code)) throw this.error("unexpected end of file");
    return code;
  }

  /** Goes past a character, given by its code, if it is the next. */
  accept(code: number): boolean {
    if (this.require() !== code) return false;
    this.offset++;
    return true;
  }

  /** Goes past the given word. */
  word(word: string): void {
    if (!this.text.startsWith(word, this.offset)) throw this.unexpected();
    this.offset += word.length;
  }

  /** The int of up to 15 digits that begins here; undefined, without moving, for any other number. */
  smallInt(): number | undefined {
    const { text, offset } = this;
    const isNegative = text.charCodeAt(offset) === 45;
    const start = isNegative ? offset + 1 : offset;
    let at = start;
    let value = 0;
    let code = text.charCodeAt(at);
    for (; code >= 48 && code <= 57 && at - start < 15; code = text.charCodeAt(++at)) {
      value = value * 10 + code - 48;
    }
    const hasLeadingZero = at - start > 1 && text.charCodeAt(start) === 48;
    const goesOn =
      code === 46 || (code | 32) === 101 || (code >= 48 && code <= 57) || code === 43 || code === 45;
    if (at === start || hasLeadingZero || goesOn) return undefined;
    this.offset = at;
    return isNegative ? 0 - value : value;
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
    const { text } = this;
    const start = this.offset + 1;
    // Most strings have no escapes: they are a piece of the text.
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.offset = at + 1;
        return text.slice(start, at);
      }
      // Negated, so that NaN at the end of the text goes there, too.
      if (code === BACKSLASH || !(code >= 32 && code < FIRST_SURROGATE)) return this.stringInPieces();
    }
  }

  /** A string with escapes, characters of two code units, or a mistake. */
  private stringInPieces(): string {
    const { text } = this;
    let value = "";
    let pieceStart = ++this.offset;
    for (;;) {
      const code = text.charCodeAt(this.offset);
      if (code !== QUOTE && code !== BACKSLASH && code >= 32) {
        this.offset++;
        continue;
      }
      value += text.slice(pieceStart, this.offset);
      if (code === QUOTE) {
        this.offset++;
        return value.toWellFormed();
      }
      if (Number.isNaN(code)) throw this.error("unclosed string literal");
      if (code !== BACKSLASH) {
        throw this.error(`invalid character ${quoteCharacter(this.character())} in string literal`);
      }
      this.offset++;
      value += this.escape();
      pieceStart = this.offset;
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
    if (!Number.isNaN(this.peek())) {
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
