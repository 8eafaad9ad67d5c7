/** Parses expressions, by precedence climbing. */

import { parseArguments } from "./argument-parser.ts";
import type * as ast from "./ast.ts";
import { continuesChain } from "./operator-chain.ts";
import { parseParameters } from "./parameter-parser.ts";
import type { TokenKind } from "./token.ts";
import type { TokenStream } from "./token-stream.ts";

/** Higher trees are refused: whatever walks the tree recurses once per level. */
const MAX_HEIGHT = 500;

const PRECEDENCE: ReadonlyMap<TokenKind, number> = new Map(
  (
    [
      ["or"],
      ["and"],
      ["not"], // unary, and the first word of "not in" (below)
      ["==", "!=", "<", ">", "<=", ">=", "in", "not in"],
      ["|"],
      ["^"],
      ["&"],
      ["<<", ">>"],
      ["-", "+"],
      ["*", "%", "/", "//"],
    ] as const
  ).flatMap((operators, level) => operators.map((operator): [TokenKind, number] => [operator, level])),
);
const NOT_PRECEDENCE = 2;
const COMPARISON_PRECEDENCE = 3;

export class ExpressionParser {
  private readonly tokens: TokenStream;

  constructor(tokens: TokenStream) {
    this.tokens = tokens;
  }

  /** One or more tests: more, or a trailing comma (only inside brackets), make a tuple. */
  expression(inBrackets: boolean): ast.Expression {
    const first = this.test();
    if (!this.tokens.at(",")) return first;
    const items = [first];
    while (this.tokens.at(",")) {
      const comma = this.tokens.advance();
      if (!this.startsExpression()) {
        if (!inBrackets) {
          const message = "unparenthesized tuple with trailing comma";
          throw this.tokens.failure("trailing-comma", message, comma, comma + 1);
        }
        break;
      }
      items.push(this.test());
    }
    return this.sequence("tuple", items, first.start, this.tokens.previousEnd);
  }

  private startsExpression(): boolean {
    switch (this.tokens.kind) {
      case ")":
      case "=":
      case "newline":
      case "end of file":
      case ";":
        return false;
      default:
        return true;
    }
  }

  /** An expression that is no tuple without parentheses: `a if b else c`, a lambda, or simpler. */
  test(): ast.Expression {
    this.tokens.enter();
    let value: ast.Expression;
    if (this.tokens.kind === "lambda") value = this.lambda(true);
    else {
      value = this.binary(0);
      if (this.tokens.kind === "if") value = this.conditional(value);
    }
    this.tokens.leave();
    return value;
  }

  /** As `test`, without a conditional, for the `if` of a comprehension. */
  private testWithoutConditional(): ast.Expression {
    this.tokens.enter();
    const value = this.tokens.kind === "lambda" ? this.lambda(false) : this.binary(0);
    this.tokens.leave();
    return value;
  }

  private conditional(whenTrue: ast.Expression): ast.Expression {
    const start = this.tokens.advance();
    const test = this.binary(0);
    if (!this.tokens.at("else")) {
      const message = "conditional expression without else clause";
      throw this.tokens.failure("missing-else", message, start, this.tokens.previousEnd);
    }
    this.tokens.advance();
    const whenFalse = this.test();
    return this.checked({
      kind: "conditional",
      start: whenTrue.start,
      end: whenFalse.end,
      height: 1 + Math.max(test.height, whenTrue.height, whenFalse.height),
      test,
      whenTrue,
      whenFalse,
    });
  }

  private lambda(allowConditional: boolean): ast.Expression {
    const start = this.tokens.expect("lambda");
    const parameters = parseParameters(this.tokens, this, ":");
    this.tokens.expect(":");
    const value = allowConditional ? this.test() : this.testWithoutConditional();
    const body: ast.Statement[] = [{ kind: "return", start: value.start, end: value.end, value }];
    const defaults = parameters.flatMap((parameter) => parameter.defaultValue ?? []);
    return this.checked({
      kind: "lambda",
      start,
      end: value.end,
      height: 1 + Math.max(value.height, tallest(defaults)),
      function: { name: "lambda", start, parameters, body, scope: undefined },
    });
  }

  private binary(minimum: number): ast.Expression {
    let left = minimum <= NOT_PRECEDENCE && this.tokens.kind === "not" ? this.not() : undefined;
    left ??= this.unary();
    for (;;) {
      const operator = this.binaryOperator(minimum);
      if (operator === undefined) return left;
      const precedence = PRECEDENCE.get(operator) ?? 0;
      const operatorStart = this.tokens.advance();
      if (operator === "not in") this.tokens.expect("in");
      const right = this.binary(precedence + 1);
      const operation = operator as ast.BinaryExpression["operator"];
      const below = continuesChain(operation, left) ? left.height : 1 + left.height;
      left = this.checked({
        kind: "binary",
        start: left.start,
        end: right.end,
        height: Math.max(below, 1 + right.height),
        operator: operation,
        operatorStart,
        left,
        right,
      });
      if (precedence === COMPARISON_PRECEDENCE) this.refuseChain(operator);
    }
  }

  /** The operator here when it binds at least as tightly as asked for; `not` means `not in`. */
  private binaryOperator(minimum: number): TokenKind | undefined {
    const { kind } = this.tokens;
    const operator = kind === "not" ? "not in" : kind;
    const precedence = PRECEDENCE.get(operator);
    if (precedence === undefined || precedence < minimum) return undefined;
    return operator;
  }

  private refuseChain(operator: TokenKind): void {
    const next = this.tokens.kind === "not" ? "not in" : this.tokens.kind;
    if (PRECEDENCE.get(next) !== COMPARISON_PRECEDENCE) return;
    throw this.tokens.failure("comparison-chain", `${operator} does not associate with ${next} (use parens)`);
  }

  private not(): ast.Expression {
    this.tokens.enter();
    const start = this.tokens.advance();
    const operand = this.binary(NOT_PRECEDENCE);
    this.tokens.leave();
    return this.unaryNode("not", start, operand);
  }

  private unary(): ast.Expression {
    const { kind } = this.tokens;
    if (kind !== "-" && kind !== "+" && kind !== "~") return this.primary();
    this.tokens.enter();
    const start = this.tokens.advance();
    const operand = this.unary();
    this.tokens.leave();
    return this.unaryNode(kind, start, operand);
  }

  private unaryNode(operator: ast.UnaryOperator, start: number, operand: ast.Expression): ast.Expression {
    return this.checked({
      kind: "unary",
      start,
      end: operand.end,
      height: 1 + operand.height,
      operator,
      operand,
    });
  }

  /** An operand and what follows it: `.name`, `(…)`, `[…]`. */
  primary(): ast.Expression {
    let value = this.operand();
    for (;;) {
      switch (this.tokens.kind) {
        case ".":
          value = this.dot(value);
          break;
        case "(":
          value = this.call(value);
          break;
        case "[":
          value = this.indexOrSlice(value);
          break;
        default:
          return value;
      }
    }
  }

  private dot(object: ast.Expression): ast.Expression {
    const dot = this.tokens.expect(".");
    const { name, start: attributeStart, end } = this.tokens.identifier();
    const { start } = object;
    const height = 1 + object.height;
    return this.checked({ kind: "dot", start, end, height, object, dot, attribute: name, attributeStart });
  }

  private call(callee: ast.Expression): ast.Expression {
    const parenthesis = this.tokens.expect("(");
    const args = parseArguments(this.tokens, this);
    this.tokens.expect(")");
    let height = callee.height;
    for (const { value } of args) height = Math.max(height, value.height);
    const end = this.tokens.previousEnd;
    return this.checked({
      kind: "call",
      start: callee.start,
      end,
      height: height + 1,
      callee,
      parenthesis,
      arguments: args,
    });
  }

  private indexOrSlice(object: ast.Expression): ast.Expression {
    const bracket = this.tokens.expect("[");
    const { start } = object;
    let low: ast.Expression | undefined;
    if (!this.tokens.at(":")) {
      low = this.expression(false);
      if (this.tokens.accept("]")) {
        const height = 1 + Math.max(object.height, low.height);
        const end = this.tokens.previousEnd;
        return this.checked({ kind: "index", start, end, height, object, bracket, index: low });
      }
    }
    this.tokens.expect(":");
    const high = !this.tokens.at(":") && !this.tokens.at("]") ? this.test() : undefined;
    const step = this.tokens.accept(":") && !this.tokens.at("]") ? this.test() : undefined;
    this.tokens.expect("]");
    const height = 1 + Math.max(object.height, low?.height ?? 0, high?.height ?? 0, step?.height ?? 0);
    const end = this.tokens.previousEnd;
    return this.checked({ kind: "slice", start, end, height, object, bracket, low, high, step });
  }

  private operand(): ast.Expression {
    const { kind, start, value } = this.tokens;
    switch (kind) {
      case "identifier":
        return this.tokens.identifier();
      case "int literal":
      case "float literal":
      case "string literal":
      case "bytes literal": {
        this.tokens.advance();
        const end = this.tokens.previousEnd;
        if (kind === "string literal")
          return { kind: "string", start, end, height: 1, value: String(value ?? "") };
        if (kind === "float literal") return { kind: "float", start, end, height: 1, value: Number(value) };
        if (value instanceof Uint8Array) return { kind: "bytes", start, end, height: 1, value };
        return {
          kind: "int",
          start,
          end,
          height: 1,
          value: typeof value === "bigint" ? value : Number(value),
        };
      }
      case "[":
        return this.list();
      case "{":
        return this.dict();
      case "(":
        return this.parenthesized();
      default:
        throw this.tokens.failure(
          "unexpected-token",
          `got ${this.tokens.describe()}, want primary expression`,
        );
    }
  }

  private parenthesized(): ast.Expression {
    const start = this.tokens.expect("(");
    if (this.tokens.accept(")")) return this.sequence("tuple", [], start, this.tokens.previousEnd);
    const value = this.expression(true);
    this.tokens.expect(")");
    return value;
  }

  private list(): ast.Expression {
    const start = this.tokens.expect("[");
    if (this.tokens.accept("]")) return this.sequence("list", [], start, this.tokens.previousEnd);
    const first = this.test();
    if (this.tokens.at("for")) return this.comprehension(first, start, "]");
    const items = [first];
    while (this.tokens.accept(",")) {
      if (this.tokens.at("]")) break;
      items.push(this.test());
    }
    this.tokens.expect("]");
    return this.sequence("list", items, start, this.tokens.previousEnd);
  }

  private dict(): ast.Expression {
    const start = this.tokens.expect("{");
    const entries: ast.DictEntryExpression[] = [];
    while (!this.tokens.at("}")) {
      if (entries.length > 0) {
        this.tokens.expect(",");
        if (this.tokens.at("}")) break;
      }
      const entry = this.dictEntry();
      if (entries.length === 0 && this.tokens.at("for")) return this.comprehension(entry, start, "}");
      entries.push(entry);
    }
    this.tokens.expect("}");
    let height = 1;
    for (const { key, value } of entries) height = Math.max(height, 1 + key.height, 1 + value.height);
    return this.checked({ kind: "dict", start, end: this.tokens.previousEnd, height, entries });
  }

  private dictEntry(): ast.DictEntryExpression {
    const key = this.test();
    const colon = this.tokens.expect(":");
    return { key, colon, value: this.test() };
  }

  private comprehension(
    body: ast.Expression | ast.DictEntryExpression,
    start: number,
    closing: "]" | "}",
  ): ast.Expression {
    const clauses: ast.ComprehensionClause[] = [];
    const parts: ast.Expression[] = "key" in body ? [body.key, body.value] : [body];
    while (!this.tokens.accept(closing)) {
      const clauseStart = this.tokens.start;
      if (this.tokens.accept("for")) {
        const target = this.loopVariables();
        this.tokens.expect("in");
        // A conditional here would be ambiguous with the `if` of the comprehension.
        const iterable = this.binary(0);
        clauses.push({ kind: "for", start: clauseStart, target, iterable });
        parts.push(target, iterable);
      } else if (this.tokens.accept("if")) {
        const test = this.testWithoutConditional();
        clauses.push({ kind: "if", start: clauseStart, test });
        parts.push(test);
      } else {
        const message = `got ${this.tokens.describe()}, want '${closing}', for, or if`;
        throw this.tokens.failure("unexpected-token", message);
      }
    }
    // Each clause is a level of nesting for whoever walks the tree.
    const height = clauses.length + tallest(parts);
    return this.checked({
      kind: "comprehension",
      start,
      end: this.tokens.previousEnd,
      height,
      body,
      clauses,
    });
  }

  /** The variables of a `for`: primary expressions, so that `in` is not taken for an operator. */
  loopVariables(): ast.Expression {
    const first = this.primary();
    if (!this.tokens.at(",")) return first;
    const items = [first];
    while (this.tokens.accept(",")) {
      if (this.tokens.at("in")) break;
      items.push(this.primary());
    }
    return this.sequence("tuple", items, first.start, this.tokens.previousEnd);
  }

  private sequence(
    kind: "list" | "tuple",
    items: ast.Expression[],
    start: number,
    end: number,
  ): ast.Expression {
    return this.checked({ kind, start, end, height: 1 + tallest(items), items });
  }

  private checked(node: ast.Expression): ast.Expression {
    if (node.height > MAX_HEIGHT) {
      const message = `excessive nesting: more than ${MAX_HEIGHT} operations on the result of one another; give a part of it a name`;
      throw this.tokens.failure("excessive-nesting", message, node.start, node.end);
    }
    return node;
  }
}

function tallest(nodes: readonly ast.Expression[]): number {
  let height = 0;
  for (const node of nodes) height = Math.max(height, node.height);
  return height;
}
