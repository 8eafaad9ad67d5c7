/** The tokens as the parsers consume them: one token of look-ahead, errors, bounded nesting. */
import type { Name } from "./ast.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Scanner, TokenValue } from "./scanner.ts";
import { describeToken, type TokenKind } from "./token.ts";

/** Deeper nesting is refused: every level costs the parser about ten JavaScript frames. */
const MAX_NESTING = 250;

/** Thrown after an error has been noted, to leave the statement it is in. */
export class SyntaxFailure extends Error {}

export class TokenStream {
  /** End of the token before the current one. */
  previousEnd = 0;
  /** How many levels deep the parsers are. */
  nesting = 0;
  private readonly scanner: Scanner;
  private readonly diagnostics: Diagnostics;

  constructor(scanner: Scanner, diagnostics: Diagnostics) {
    this.scanner = scanner;
    this.diagnostics = diagnostics;
    scanner.next();
  }

  get kind(): TokenKind {
    return this.scanner.kind;
  }

  /** Tells whether the current token is of a kind. */
  at(kind: TokenKind): boolean {
    return this.scanner.kind === kind;
  }

  get start(): number {
    return this.scanner.start;
  }

  get end(): number {
    return this.scanner.end;
  }

  get value(): TokenValue {
    return this.scanner.value;
  }

  get text(): string {
    return this.scanner.tokenText;
  }

  /** The current token as messages show it. */
  describe(): string {
    return describeToken(this.kind, this.text);
  }

  /** Moves on; returns where the token was. */
  advance(): number {
    const { start } = this.scanner;
    this.previousEnd = this.scanner.end;
    this.scanner.next();
    return start;
  }

  /** Moves on when the token is of a kind. */
  accept(kind: TokenKind): boolean {
    if (this.scanner.kind !== kind) return false;
    this.advance();
    return true;
  }

  /** Moves past a token that has to be there; returns where it was. */
  expect(kind: TokenKind): number {
    if (this.scanner.kind === kind) return this.advance();
    throw this.failure("unexpected-token", `got ${this.describe()}, want ${describeToken(kind, kind)}`);
  }

  /** An identifier that has to be there. */
  identifier(): Name {
    if (this.kind !== "identifier") throw this.failure("not-an-identifier", "not an identifier");
    const name = String(this.value);
    const start = this.advance();
    return { kind: "name", start, end: this.previousEnd, height: 1, name, binding: undefined };
  }

  /** Notes an error at the current token, or between two offsets; the caller throws the result. */
  failure(code: string, message: string, start = this.start, end = this.end): SyntaxFailure {
    // What the scanner could not read it has already complained about.
    this.diagnostics.error(code, message, start, end);
    return new SyntaxFailure(message);
  }

  /** Goes one level deeper; a failure leaves it to whoever catches it to go back to where it began. */
  enter(): void {
    if (this.nesting >= MAX_NESTING) {
      throw this.failure(
        "excessive-nesting",
        `excessive nesting: more than ${MAX_NESTING} levels inside of each other`,
      );
    }
    this.nesting++;
  }

  /** Comes back from a level. */
  leave(): void {
    this.nesting--;
  }

  /** Goes on behind the end of the line, after an error. */
  skipLine(): void {
    this.scanner.skipLine();
    this.accept("newline");
  }
}
