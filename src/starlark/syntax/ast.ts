/**
 * The syntax tree. Places are offsets into the source text. The resolver fills in the fields it
 * owns (`binding`, `scope`), everything else is made by the parser and never changes.
 */
import type { Int } from "../value/int.ts";
import type { Binding, FunctionScope } from "./binding.ts";

interface Node {
  readonly start: number;
  readonly end: number;
}

interface ExpressionNode extends Node {
  /**
   * Levels of nodes below and including this one: what recursion over the tree costs. A chain of operators
   * counts as one level; see operator-chain.ts.
   */
  readonly height: number;
}

export interface Name extends ExpressionNode {
  readonly kind: "name";
  readonly name: string;
  binding: Binding | undefined;
}

export interface IntLiteral extends ExpressionNode {
  readonly kind: "int";
  readonly value: Int;
}

export interface FloatLiteral extends ExpressionNode {
  readonly kind: "float";
  readonly value: number;
}

export interface StringLiteral extends ExpressionNode {
  readonly kind: "string";
  readonly value: string;
}

export interface BytesLiteral extends ExpressionNode {
  readonly kind: "bytes";
  readonly value: Uint8Array;
}

/** `[a, b]` or `(a, b)`. */
export interface SequenceExpression extends ExpressionNode {
  readonly kind: "list" | "tuple";
  readonly items: readonly Expression[];
}

export interface DictEntryExpression {
  readonly key: Expression;
  readonly value: Expression;
  readonly colon: number;
}

export interface DictExpression extends ExpressionNode {
  readonly kind: "dict";
  readonly entries: readonly DictEntryExpression[];
}

export type ComprehensionClause =
  | {
      readonly kind: "for";
      readonly start: number;
      readonly target: Expression;
      readonly iterable: Expression;
    }
  | { readonly kind: "if"; readonly start: number; readonly test: Expression };

/** `[x for …]` or `{k: v for …}`. */
export interface Comprehension extends ExpressionNode {
  readonly kind: "comprehension";
  readonly body: Expression | DictEntryExpression;
  readonly clauses: readonly ComprehensionClause[];
}

export type UnaryOperator = "-" | "+" | "~" | "not";

export interface UnaryExpression extends ExpressionNode {
  readonly kind: "unary";
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "//" | "%" | "&" | "|" | "^" | "<<" | ">>";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface BinaryExpression extends ExpressionNode {
  readonly kind: "binary";
  readonly operator: ArithmeticOperator | ComparisonOperator | "and" | "or";
  /** Where the operator is. */
  readonly operatorStart: number;
  readonly left: Expression;
  readonly right: Expression;
}

export interface ConditionalExpression extends ExpressionNode {
  readonly kind: "conditional";
  readonly test: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression;
}

/** Its end is that of its text: behind the parentheses around a default, which are no part of the default's node. */
export interface Parameter extends Node {
  readonly kind: "plain" | "star" | "starstar";
  /** Undefined for a bare `*`. */
  readonly name: Name | undefined;
  readonly defaultValue: Expression | undefined;
}

/** What `def` and `lambda` have in common. */
export interface FunctionNode {
  readonly name: string;
  readonly start: number;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  scope: FunctionScope | undefined;
}

export interface LambdaExpression extends ExpressionNode {
  readonly kind: "lambda";
  readonly function: FunctionNode;
}

/** Its end is that of its text, as of a parameter. */
export interface Argument extends Node {
  readonly kind: "positional" | "named" | "star" | "starstar";
  readonly name: Name | undefined;
  readonly value: Expression;
}

export interface CallExpression extends ExpressionNode {
  readonly kind: "call";
  readonly callee: Expression;
  readonly parenthesis: number;
  readonly arguments: readonly Argument[];
}

export interface IndexExpression extends ExpressionNode {
  readonly kind: "index";
  readonly object: Expression;
  readonly bracket: number;
  readonly index: Expression;
}

export interface SliceExpression extends ExpressionNode {
  readonly kind: "slice";
  readonly object: Expression;
  readonly bracket: number;
  readonly low: Expression | undefined;
  readonly high: Expression | undefined;
  readonly step: Expression | undefined;
}

export interface DotExpression extends ExpressionNode {
  readonly kind: "dot";
  readonly object: Expression;
  readonly dot: number;
  readonly attribute: string;
  readonly attributeStart: number;
}

export type Expression =
  | Name
  | IntLiteral
  | FloatLiteral
  | StringLiteral
  | BytesLiteral
  | SequenceExpression
  | DictExpression
  | Comprehension
  | UnaryExpression
  | BinaryExpression
  | ConditionalExpression
  | LambdaExpression
  | CallExpression
  | IndexExpression
  | SliceExpression
  | DotExpression;

export interface ExpressionStatement extends Node {
  readonly kind: "expression";
  readonly expression: Expression;
}

export interface AssignStatement extends Node {
  readonly kind: "assign";
  /** Undefined for a plain `=`. */
  readonly operator: ArithmeticOperator | undefined;
  readonly operatorStart: number;
  readonly target: Expression;
  readonly value: Expression;
}

export interface DefStatement extends Node {
  readonly kind: "def";
  readonly name: Name;
  readonly function: FunctionNode;
}

export interface IfStatement extends Node {
  readonly kind: "if";
  /** `if` and every `elif`. */
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[] | undefined;
}

export interface ForStatement extends Node {
  readonly kind: "for";
  readonly target: Expression;
  readonly iterable: Expression;
  readonly body: readonly Statement[];
}

export interface WhileStatement extends Node {
  readonly kind: "while";
  readonly test: Expression;
  readonly body: readonly Statement[];
}

export interface ReturnStatement extends Node {
  readonly kind: "return";
  readonly value: Expression | undefined;
}

export interface JumpStatement extends Node {
  readonly kind: "break" | "continue" | "pass";
}

export interface LoadStatement extends Node {
  readonly kind: "load";
  readonly module: StringLiteral;
  readonly bindings: readonly {
    readonly local: Name;
    readonly original: string;
    readonly originalStart: number;
  }[];
}

export type Statement =
  | ExpressionStatement
  | AssignStatement
  | DefStatement
  | IfStatement
  | ForStatement
  | WhileStatement
  | ReturnStatement
  | JumpStatement
  | LoadStatement;

export interface FileNode {
  readonly body: readonly Statement[];
  readonly end: number;
}
