// The expression language of `${{ }}`: syntax tree and errors. GitLab calls the language Moa.
import type { Scalar } from "./value.ts";

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "&&"
  | "||";

/** `at` is the offset in the text that contains the expression. */
export type Expression =
  | { kind: "literal"; value: Scalar; at: number }
  | { kind: "template"; template: Template; at: number }
  | { kind: "name"; name: string; at: number }
  | { kind: "array"; items: Expression[]; at: number }
  | { kind: "object"; entries: { key: Expression; value: Expression }[]; at: number }
  | { kind: "property"; of: Expression; name: string; at: number }
  | { kind: "index"; of: Expression; index: Expression; at: number }
  | { kind: "call"; name: string; args: Expression[]; at: number }
  | { kind: "unary"; operator: "+" | "-" | "!"; operand: Expression; at: number }
  | { kind: "binary"; operator: BinaryOperator; left: Expression; right: Expression; at: number };

/** Literal text and expressions, in order. */
export type Template = (string | Expression)[];

/** What is wrong with an expression. `at` is the offset in the text that contains it. */
export class ExpressionError extends Error {
  readonly code = "InvalidExpression";
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** A property or an array element that is not there: what `||` may replace by a default. */
export class MissingValue extends ExpressionError {}
