/**
 * Turns source text into tokens, one at a time.
 *
 * 1. Inside brackets there are no newline, indent and outdent tokens.
 * 2. An error is noted, never thrown: the scanner skips what it cannot read and goes on.
 */
import type { Int } from "../value/int.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { type NumberLiteral, scanNumber } from "./number-literal.ts";
import { decodeLiteral } from "./string-literal.ts";
import { type Punctuation, type TokenKind, wordKinds } from "./token.ts";

export type TokenValue = string | Int | Uint8Array | undefined;

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const SINGLE_QUOTE = 39;
const DOT = 46;
const BACKSLASH = 92;
const LETTER_B = 98;
const LETTER_R = 114;
const NON_ASCII_LETTER = /[\p{L}\p{Nl}]/u;
const NON_ASCII_IDENTIFIER_PART = /[\p{L}\p{M}\p{N}\p{Pc}]/u;

const EQUALS = 61;

/** Punctuation by the code of its first character: by itself, doubled, and either with `=` behind. */
const SINGLE = byCode("+ - * / % & | ^ ~ . , = ; : ( ) [ ] { } < >".split(" "));
const DOUBLED = byCode("// << >> **".split(" "));
const WITH_EQUALS = byCode("+= -= *= /= %= &= |= ^= <= >= == !=".split(" "));
const DOUBLED_WITH_EQUALS = byCode("//= <<= >>=".split(" "));

function byCode(texts: readonly string[]): readonly (Punctuation | undefined)[] {
  const table: (Punctuation | undefined)[] = new Array(128).fill(undefined);
  for (const text of texts) table[text.charCodeAt(0)] = text as Punctuation;
  return table;
}

interface Indent {
  /** Width with tab stops every 8 columns. */
  readonly width: number;
  /** Width with tabs as one column: where the two disagree, the indentation is ambiguous. */
  readonly characters: number;
}

export class Scanner {
  /** The current token; for a float literal `value` is the number as text of the source. */
  kind: TokenKind = "newline";
  value: TokenValue = undefined;
  start = 0;
  end = 0;

  private readonly text: string;
  private readonly diagnostics: Diagnostics;
  private at = 0;
  private brackets = 0;
  private lineStart = true;
  private indents: Indent[] = [{ width: 0, characters: 0 }];
  /** Indents (positive) or outdents (negative) still to be handed out. */
  private pendingDents = 0;

  constructor(text: string, diagnostics: Diagnostics) {
    this.text = text;
    this.diagnostics = diagnostics;
    if (text.charCodeAt(0) === 0xfeff) this.at = 1;
  }

  /** Text of the current token. */
  get tokenText(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Leaves all brackets and goes on at the end of the current line, unread. For error recovery. */
  skipLine(): void {
    this.brackets = 0;
    if (this.kind === "newline" || this.kind === "end of file" || this.kind === "outdent") return;
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
    this.next();
  }

  /** Moves to the next token. */
  next(): void {
    this.value = undefined;
    for (;;) {
      if (this.lineStart && this.pendingDents === 0) this.startLine();
      if (this.pendingDents !== 0) {
        this.start = this.at;
        this.end = this.at;
        this.kind = this.pendingDents > 0 ? "indent" : "outdent";
        this.pendingDents -= Math.sign(this.pendingDents);
        return;
      }
      if (this.scanToken()) return;
    }
  }

  /** Measures the indentation of a line; blank lines and comments have none. */
  private startLine(): void {
    this.lineStart = false;
    let width = 0;
    let from = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === SPACE) width++;
      else if (code === TAB) width += 8 - (width % 8);
      else if (code === HASH) this.skipComment();
      else if (code === NEWLINE || code === RETURN) {
        width = 0;
        from = this.at + 1;
      } else break;
      if (code !== HASH) this.at++;
    }
    if (this.at >= this.text.length) {
      this.at = this.text.length;
      width = 0;
      from = this.at;
    }
    if (this.brackets === 0) this.indent({ width, characters: this.at - from });
  }

  private indent(line: Indent): void {
    const current = this.indents.at(-1) ?? { width: 0, characters: 0 };
    if (Math.sign(line.width - current.width) !== Math.sign(line.characters - current.characters)) {
      const message = "indentation mixes tabs and spaces, so that it depends on the width of a tab";
      this.diagnostics.warning("inconsistent-indentation", message, this.at, this.at + 1);
    }
    if (line.width > current.width) {
      this.indents.push(line);
      this.pendingDents = 1;
      return;
    }
    while (line.width < (this.indents.at(-1)?.width ?? 0)) {
      this.indents.pop();
      this.pendingDents--;
    }
    if (line.width !== this.indents.at(-1)?.width) {
      this.error("unindent", "unindent does not match any outer indentation level", this.at);
      // Going on as if it were indented keeps one mistake from becoming many.
      this.indents.push(line);
      this.pendingDents++;
    }
  }

  private skipComment(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** Reads one token; returns false when there was only space. */
  private scanToken(): boolean {
    let code = this.text.charCodeAt(this.at);
    while (code === SPACE || code === TAB) code = this.text.charCodeAt(++this.at);
    if (code === RETURN && this.isLineEnd(this.at)) code = this.text.charCodeAt(++this.at);
    if (code === HASH) {
      this.skipComment();
      return false;
    }
    this.start = this.at;
    if (code === NEWLINE || code === RETURN) return this.scanNewline();
    if (this.at >= this.text.length) return this.scanEnd();
    if (code === BACKSLASH) return this.scanContinuation();
    if (isAsciiLetter(code) || code > 127) return this.scanWord(code);
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) return this.scanString(this.at);
    if (isDigit(code) || (code === DOT && isDigit(this.text.charCodeAt(this.at + 1)))) {
      return this.acceptNumber(scanNumber(this.text, this.at));
    }
    return this.scanPunctuation(code);
  }

  private isLineEnd(at: number): boolean {
    return this.text.charCodeAt(at + 1) === NEWLINE;
  }

  private scanNewline(): boolean {
    this.at++;
    this.lineStart = true;
    if (this.brackets > 0) return false;
    this.accept("newline", this.at);
    return true;
  }

  /** The end of the text ends the line, then every block. */
  private scanEnd(): boolean {
    const inStatement = this.kind !== "newline" && this.kind !== "outdent" && this.kind !== "end of file";
    if (inStatement && this.brackets === 0 && this.indents.length > 1) {
      this.accept("newline", this.at);
      return true;
    }
    if (this.brackets === 0 && this.indents.length > 1) {
      this.pendingDents = 1 - this.indents.length;
      this.indents.length = 1;
      return false;
    }
    this.accept("end of file", this.at);
    return true;
  }

  private scanContinuation(): boolean {
    const next = this.text.charCodeAt(this.at + 1);
    if (next === NEWLINE) this.at += 2;
    else if (next === RETURN && this.isLineEnd(this.at + 1)) this.at += 3;
    else {
      this.error("stray-backslash", "stray backslash in program", this.at);
      this.at++;
    }
    return false;
  }

  private scanWord(first: number): boolean {
    if (first > 127 && !this.isLetterAt(this.at)) return this.skipIllegal();
    const quoteAt = first === LETTER_R || first === LETTER_B ? this.literalPrefixEnd(first) : -1;
    if (quoteAt > 0) return this.scanString(quoteAt);
    let end = this.at + 1;
    for (;;) {
      const code = this.text.charCodeAt(end);
      if (isAsciiLetter(code) || isDigit(code)) end++;
      else if (code > 127 && this.isIdentifierPartAt(end)) {
        end += (this.text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
      } else break;
    }
    const word = this.text.slice(this.at, end);
    this.value = word;
    this.accept(wordKinds.get(word) ?? "identifier", end);
    return true;
  }

  private isLetterAt(at: number): boolean {
    return NON_ASCII_LETTER.test(String.fromCodePoint(this.text.codePointAt(at) ?? 0));
  }

  private isIdentifierPartAt(at: number): boolean {
    return NON_ASCII_IDENTIFIER_PART.test(String.fromCodePoint(this.text.codePointAt(at) ?? 0));
  }

  /** Where the quote is when the text here is `r"`, `b"` or `rb"`, else -1. */
  private literalPrefixEnd(first: number): number {
    if (this.isQuoteAt(this.at + 1)) return this.at + 1;
    const isBoth = first === LETTER_R && this.text.charCodeAt(this.at + 1) === LETTER_B;
    return isBoth && this.isQuoteAt(this.at + 2) ? this.at + 2 : -1;
  }

  private isQuoteAt(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return code === DOUBLE_QUOTE || code === SINGLE_QUOTE;
  }

  private scanString(quoteAt: number): boolean {
    const { text } = this;
    const quote = text.charCodeAt(quoteAt);
    const triple = text.charCodeAt(quoteAt + 1) === quote && text.charCodeAt(quoteAt + 2) === quote;
    const contentStart = quoteAt + (triple ? 3 : 1);
    const contentEnd = this.findQuote(quote, triple, contentStart);
    if (contentEnd === undefined) {
      this.value = "";
      this.accept("string literal", this.at);
      return true;
    }
    const prefix = this.text.slice(this.at, quoteAt);
    const literal = decodeLiteral(this.text.slice(contentStart, contentEnd), prefix);
    if (literal.error !== undefined) {
      this.diagnostics.error(
        "invalid-escape",
        literal.error.message,
        this.at,
        contentStart + literal.error.end,
      );
    }
    this.value = literal.value;
    this.accept(prefix.includes("b") ? "bytes literal" : "string literal", contentEnd + (triple ? 3 : 1));
    return true;
  }

  /** Offset of the closing quote; notes an error and moves on when there is none. */
  private findQuote(quote: number, triple: boolean, from: number): number | undefined {
    const { text } = this;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        if (!triple || (text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote)) return at;
      } else if (code === BACKSLASH) {
        at++;
        if (text.charCodeAt(at) === RETURN && this.isLineEnd(at)) at++;
      } else if (code === NEWLINE && !triple) {
        this.error("unterminated-string", "unexpected newline in string", this.start);
        this.at = at;
        return undefined;
      }
    }
    this.error("unterminated-string", "unexpected EOF in string", this.start);
    this.at = text.length;
    return undefined;
  }

  private acceptNumber(literal: NumberLiteral): boolean {
    if (literal.error !== undefined) {
      this.diagnostics.error("invalid-number", literal.error, this.start, literal.end);
    }
    this.value = literal.value;
    this.accept(literal.isFloat ? "float literal" : "int literal", literal.end);
    return true;
  }

  private scanPunctuation(first: number): boolean {
    const kind = this.punctuationAt(first);
    if (kind === undefined) return this.skipIllegal();
    if (kind === "(" || kind === "[" || kind === "{") this.brackets++;
    else if (kind === ")" || kind === "]" || kind === "}") {
      if (this.brackets === 0) {
        this.diagnostics.error("unexpected-bracket", `unexpected '${kind}'`, this.at, this.at + 1);
        this.at++;
        return false;
      }
      this.brackets--;
    }
    this.accept(kind, this.at + kind.length);
    return true;
  }

  /** The longest punctuation that fits. */
  private punctuationAt(first: number): Punctuation | undefined {
    const second = this.text.charCodeAt(this.at + 1);
    if (second === EQUALS) return WITH_EQUALS[first] ?? SINGLE[first];
    const doubled = second === first ? DOUBLED[first] : undefined;
    if (doubled === undefined) return SINGLE[first];
    return (this.text.charCodeAt(this.at + 2) === EQUALS && DOUBLED_WITH_EQUALS[first]) || doubled;
  }

  private skipIllegal(): boolean {
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    const shown = character === "!" ? "'!'" : JSON.stringify(character).replace(/^"(.*)"$/, "'$1'");
    this.error("unexpected-character", `unexpected input character ${shown}`, this.at);
    this.at += character.length;
    return false;
  }

  private accept(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
    this.at = end;
  }

  private error(code: string, message: string, at: number): void {
    this.diagnostics.error(code, message, at, at + 1);
  }
}

function isAsciiLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
