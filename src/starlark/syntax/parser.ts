/**
 * Turns source text into a syntax tree.
 *
 * 1. An error is noted and the parser goes on with the next statement, so that several are found.
 * 2. The height of every expression and the nesting of statements are bounded, so that no source
 *    can exhaust the JavaScript stack, here or in what reads the tree.
 */
import type * as ast from "./ast.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { parseLoad } from "./load-parser.ts";
import { parseParameters } from "./parameter-parser.ts";
import { Scanner } from "./scanner.ts";
import { SyntaxFailure, TokenStream } from "./token-stream.ts";

const AUGMENTED: ReadonlyMap<string, ast.ArithmeticOperator> = new Map(
  (["+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>"] as const).map((operator) => [
    `${operator}=`,
    operator,
  ]),
);

/** Parses a file; what is wrong goes to the diagnostics, what is right into the tree. */
export function parseFile(text: string, diagnostics: Diagnostics): ast.FileNode {
  return new Parser(text, diagnostics).file();
}

class Parser {
  private readonly tokens: TokenStream;
  private readonly expressions: ExpressionParser;
  private readonly text: string;
  private readonly diagnostics: Diagnostics;

  constructor(text: string, diagnostics: Diagnostics) {
    this.text = text;
    this.diagnostics = diagnostics;
    this.tokens = new TokenStream(new Scanner(text, diagnostics), diagnostics);
    this.expressions = new ExpressionParser(this.tokens);
  }

  file(): ast.FileNode {
    const body: ast.Statement[] = [];
    while (!this.tokens.at("end of file") && !this.diagnostics.isFull) {
      if (this.tokens.at("newline") || this.tokens.at("outdent")) this.tokens.advance();
      else this.statementOrRecover(body);
    }
    return { body, end: this.text.length };
  }

  /** Parses one line's statements; after an error goes on behind the line, or its block. */
  private statementOrRecover(into: ast.Statement[]): void {
    const { nesting } = this.tokens;
    try {
      this.statement(into);
    } catch (failure) {
      if (!(failure instanceof SyntaxFailure)) throw failure;
      this.tokens.nesting = nesting;
      this.tokens.skipLine();
      if (this.tokens.at("indent")) this.blockAfterError(into);
    }
  }

  /** The block of a broken header is parsed for its own errors. */
  private blockAfterError(into: ast.Statement[]): void {
    this.tokens.advance();
    while (!this.tokens.at("outdent") && !this.tokens.at("end of file") && !this.diagnostics.isFull) {
      this.statementOrRecover(into);
    }
    this.tokens.accept("outdent");
  }

  private statement(into: ast.Statement[]): void {
    switch (this.tokens.kind) {
      case "def":
      case "if":
      case "for":
      case "while":
        this.tokens.enter();
        into.push(this.compoundStatement());
        this.tokens.leave();
        return;
      case "indent":
        throw this.tokens.failure("unexpected-indent", "got indent, want primary expression");
      default:
        this.simpleStatements(into);
    }
  }

  private compoundStatement(): ast.Statement {
    switch (this.tokens.kind) {
      case "def":
        return this.def();
      case "if":
        return this.ifStatement();
      case "for":
        return this.forStatement();
      default:
        return this.whileStatement();
    }
  }

  private def(): ast.DefStatement {
    const start = this.tokens.expect("def");
    const name = this.tokens.identifier();
    this.tokens.expect("(");
    const parameters = parseParameters(this.tokens, this.expressions, ")");
    this.tokens.expect(")");
    this.tokens.expect(":");
    const body = this.suite();
    const end = this.tokens.previousEnd;
    return {
      kind: "def",
      start,
      end,
      name,
      function: { name: name.name, start, parameters, body, scope: undefined },
    };
  }

  private ifStatement(): ast.IfStatement {
    const start = this.tokens.start;
    const branches: { test: ast.Expression; body: ast.Statement[] }[] = [];
    do {
      this.tokens.advance();
      const test = this.expressions.test();
      this.tokens.expect(":");
      branches.push({ test, body: this.suite() });
    } while (this.tokens.at("elif"));
    let otherwise: ast.Statement[] | undefined;
    if (this.tokens.accept("else")) {
      this.tokens.expect(":");
      otherwise = this.suite();
    }
    return { kind: "if", start, end: this.tokens.previousEnd, branches, otherwise };
  }

  private forStatement(): ast.ForStatement {
    const start = this.tokens.expect("for");
    const target = this.expressions.loopVariables();
    this.tokens.expect("in");
    const iterable = this.expressions.expression(false);
    this.tokens.expect(":");
    const body = this.suite();
    return { kind: "for", start, end: this.tokens.previousEnd, target, iterable, body };
  }

  private whileStatement(): ast.WhileStatement {
    const start = this.tokens.expect("while");
    const test = this.expressions.test();
    this.tokens.expect(":");
    const body = this.suite();
    return { kind: "while", start, end: this.tokens.previousEnd, test, body };
  }

  /** The statements after a colon: an indented block, or some on the same line. */
  private suite(): ast.Statement[] {
    const body: ast.Statement[] = [];
    if (!this.tokens.at("newline")) {
      this.simpleStatements(body);
      return body;
    }
    this.tokens.advance();
    this.tokens.expect("indent");
    while (!this.tokens.at("outdent") && !this.tokens.at("end of file") && !this.diagnostics.isFull) {
      this.statementOrRecover(body);
    }
    if (!this.tokens.at("end of file")) this.tokens.expect("outdent");
    return body;
  }

  private simpleStatements(into: ast.Statement[]): void {
    for (;;) {
      into.push(this.smallStatement());
      if (!this.tokens.accept(";")) break;
      if (this.tokens.at("newline") || this.tokens.at("end of file")) break;
    }
    // A file may end without a newline.
    if (!this.tokens.at("end of file")) this.tokens.expect("newline");
  }

  private smallStatement(): ast.Statement {
    const { kind, start } = this.tokens;
    if (kind === "return") return this.returnStatement();
    if (kind === "load") return parseLoad(this.tokens);
    if (kind === "break" || kind === "continue" || kind === "pass") {
      this.tokens.advance();
      return { kind, start, end: this.tokens.previousEnd };
    }
    const target = this.expressions.expression(false);
    const operatorStart = this.tokens.start;
    const operator = AUGMENTED.get(this.tokens.kind);
    if (operator === undefined && !this.tokens.at("=")) {
      return { kind: "expression", start, end: target.end, expression: target };
    }
    this.tokens.advance();
    const value = this.expressions.expression(false);
    return { kind: "assign", start, end: value.end, operator, operatorStart, target, value };
  }

  private returnStatement(): ast.ReturnStatement {
    const start = this.tokens.expect("return");
    const next = this.tokens.kind;
    const bare = next === "newline" || next === ";" || next === "end of file";
    const value = bare ? undefined : this.expressions.expression(false);
    return { kind: "return", start, end: this.tokens.previousEnd, value };
  }
}
