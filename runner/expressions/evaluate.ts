// Evaluates templates. Nothing is converted unasked, and what derives from a secret is a secret.
import { parseTemplate } from "./parser.ts";
import {
  type BinaryOperator,
  type Expression,
  ExpressionError,
  MissingValue,
  type Template,
} from "./syntax.ts";
import { compare, isSensitive, isTruthy, kindOf, scalar, tainted, textOf, type Value } from "./value.ts";

/** The names an expression may use. */
export type Scope = ReadonlyMap<string, Value>;

function asNumber(value: Value, operator: string, at: number): number {
  if (value.kind === "scalar" && typeof value.value === "number") return value.value;
  throw new ExpressionError(`${operator} needs numbers, and got a value of type ${kindOf(value)}`, at);
}

function finite(value: number, at: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExpressionError("the result is too large for a number", at);
}

function arithmetic(operator: BinaryOperator, left: Value, right: Value, at: number): Value {
  const sensitive = isSensitive(left) || isSensitive(right);
  if (operator === "+" && (kindOf(left) === "string" || kindOf(right) === "string")) {
    if (kindOf(left) !== "string" || kindOf(right) !== "string") {
      throw new ExpressionError(
        `+ cannot join ${kindOf(left)} and ${kindOf(right)}: convert one with str() or num()`,
        at,
      );
    }
    return scalar(textOf(left) + textOf(right), sensitive);
  }
  const [a, b] = [asNumber(left, operator, at), asNumber(right, operator, at)];
  if ((operator === "/" || operator === "%") && b === 0) throw new ExpressionError("division by zero", at);
  const results: Partial<Record<BinaryOperator, number>> = {
    "+": a + b,
    "-": a - b,
    "*": a * b,
    "/": a / b,
    "%": a % b,
  };
  return scalar(finite(results[operator] ?? Number.NaN, at), sensitive);
}

function comparison(operator: BinaryOperator, left: Value, right: Value): boolean {
  const order = compare(left, right);
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

const functions: Record<string, (value: Value, at: number) => Value> = {
  str: (value) => scalar(textOf(value), isSensitive(value)),
  bool: (value) => scalar(isTruthy(value), isSensitive(value)),
  num(value, at) {
    if (kindOf(value) === "number") return value;
    const text = value.kind === "scalar" && typeof value.value === "string" ? value.value.trim() : "";
    if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) {
      const shown = isSensitive(value) ? "a sensitive value" : JSON.stringify(textOf(value));
      throw new ExpressionError(`num() cannot read ${shown} as a number`, at);
    }
    return scalar(finite(Number(text), at), isSensitive(value));
  },
};

function property(of: Value, name: string, at: number): Value {
  if (of.kind !== "object") {
    throw new ExpressionError(`a value of type ${kindOf(of)} has no property "${name}"`, at);
  }
  const field = of.fields.get(name);
  if (!field) {
    const known = [...of.fields.keys()].slice(0, 20).join(", ") || "nothing";
    throw new MissingValue(`there is no "${name}" here, only ${known}`, at);
  }
  return tainted(field, of.sensitive);
}

function element(of: Value, index: Value, at: number): Value {
  if (of.kind === "object" && index.kind === "scalar" && typeof index.value === "string") {
    return tainted(property(of, index.value, at), index.sensitive);
  }
  if (of.kind !== "array" || index.kind !== "scalar" || typeof index.value !== "number") {
    throw new ExpressionError(`${kindOf(of)}[${kindOf(index)}] is not possible`, at);
  }
  const item = of.items[index.value];
  if (!item)
    throw new MissingValue(`there is no element ${index.value} in an array of ${of.items.length}`, at);
  return tainted(item, of.sensitive || index.sensitive);
}

function logical(expression: Expression & { kind: "binary" }, scope: Scope): Value {
  let left: Value;
  try {
    left = evaluate(expression.left, scope);
  } catch (error) {
    // `inputs.x || "default"` is how the language says "if there is one".
    if (!(error instanceof MissingValue) || expression.operator === "&&") throw error;
    return evaluate(expression.right, scope);
  }
  if (isTruthy(left) === (expression.operator === "||")) return left;
  return tainted(evaluate(expression.right, scope), isSensitive(left));
}

/** @throws ExpressionError */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case "literal":
      return scalar(expression.value);
    case "template":
      return joined(expression.template, scope);
    case "name": {
      const value = scope.get(expression.name);
      if (value) return value;
      throw new ExpressionError(
        `unknown name "${expression.name}" (known here: ${[...scope.keys()].sort().join(", ")})`,
        expression.at,
      );
    }
    case "array":
      return {
        kind: "array",
        items: expression.items.map((item) => evaluate(item, scope)),
        sensitive: false,
      };
    case "object": {
      const fields = new Map<string, Value>();
      let sensitive = false;
      for (const { key, value } of expression.entries) {
        const name = evaluate(key, scope);
        if (name.kind !== "scalar" || typeof name.value !== "string") {
          throw new ExpressionError(`a key must be a string, and this is a ${kindOf(name)}`, key.at);
        }
        sensitive ||= name.sensitive;
        fields.set(name.value, evaluate(value, scope));
      }
      return { kind: "object", fields, sensitive };
    }
    case "property":
      return property(evaluate(expression.of, scope), expression.name, expression.at);
    case "index":
      return element(evaluate(expression.of, scope), evaluate(expression.index, scope), expression.at);
    case "call": {
      const call = Object.hasOwn(functions, expression.name) ? functions[expression.name] : undefined;
      if (!call) {
        throw new ExpressionError(
          `unknown function "${expression.name}" (known: ${Object.keys(functions).join(", ")})`,
          expression.at,
        );
      }
      const [argument, ...more] = expression.args;
      if (!argument || more.length > 0) {
        throw new ExpressionError(`${expression.name}() takes one argument`, expression.at);
      }
      return call(evaluate(argument, scope), expression.at);
    }
    case "unary": {
      const operand = evaluate(expression.operand, scope);
      if (expression.operator === "!") return scalar(!isTruthy(operand), isSensitive(operand));
      const number = asNumber(operand, expression.operator, expression.at);
      return scalar(expression.operator === "-" ? -number : number, isSensitive(operand));
    }
    case "binary": {
      if (expression.operator === "&&" || expression.operator === "||") return logical(expression, scope);
      const left = evaluate(expression.left, scope);
      const right = evaluate(expression.right, scope);
      if (/^[+*/%-]$/.test(expression.operator)) {
        return arithmetic(expression.operator, left, right, expression.at);
      }
      return scalar(comparison(expression.operator, left, right), isSensitive(left) || isSensitive(right));
    }
  }
}

function joined(template: Template, scope: Scope): Value {
  const parts = template.map((part) => (typeof part === "string" ? scalar(part) : evaluate(part, scope)));
  return scalar(parts.map(textOf).join(""), parts.some(isSensitive));
}

/**
 * The value of a text with expressions. A text that is one expression, blank space aside, keeps that expression's
 * type; any other text is a string.
 *
 * @throws ExpressionError
 */
export function evaluateText(text: string, scope: Scope): Value {
  const template = parseTemplate(text);
  const parts = template.filter((part) => typeof part !== "string" || part.trim() !== "");
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== "string") return evaluate(only, scope);
  return joined(template, scope);
}
