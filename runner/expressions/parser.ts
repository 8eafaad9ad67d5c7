// Reads templates: text with `${{ expression }}` in it.
import { type BinaryOperator, type Expression, ExpressionError, type Template } from "./syntax.ts";

const OPEN = "${{";
const MAX_DEPTH = 100;

const reserved = new Set(
  `array as break case const continue default else fallthrough float for func function goto if import in int let
   loop map namespace number object package range return string struct switch type var void while`.split(
    /\s+/,
  ),
);

const levels: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  // Longer ones first: `<` is a prefix of `<=`.
  ["==", "!=", "<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/", "%"],
];

const escapes: Record<string, string> = {
  "\\": "\\",
  '"': '"',
  "/": "/",
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

class Parser {
  readonly #text: string;
  #at: number;
  #depth = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Reads text and expressions until the end of the text, or until a double quote when `inString`. */
  template(inString: boolean): Template {
    const parts: Template = [];
    let literal = "";
    const push = (part?: Expression) => {
      if (literal !== "") parts.push(literal);
      literal = "";
      if (part) parts.push(part);
    };
    while (this.#at < this.#text.length) {
      if (this.#text.startsWith(`\\${OPEN}`, this.#at)) {
        literal += OPEN;
        this.#at += OPEN.length + 1;
      } else if (this.#text.startsWith(OPEN, this.#at)) {
        push(this.#embedded());
      } else if (inString && this.#text[this.#at] === '"') {
        break;
      } else if (inString && this.#text[this.#at] === "\\") {
        literal += this.#escape();
      } else {
        literal += this.#text[this.#at];
        this.#at += 1;
      }
    }
    push();
    return parts;
  }

  #embedded(): Expression {
    const start = this.#at;
    this.#at += OPEN.length;
    const expression = this.#binary(0);
    this.#space();
    if (!this.#text.startsWith("}}", this.#at)) {
      throw new ExpressionError(
        this.#at < this.#text.length
          ? `unexpected ${JSON.stringify(this.#text[this.#at])}`
          : "the expression is not closed by }}",
        this.#at < this.#text.length ? this.#at : start,
      );
    }
    this.#at += 2;
    return expression;
  }

  #escape(): string {
    const start = this.#at;
    const letter = this.#text[start + 1] ?? "";
    if (letter === "u") {
      const digits = this.#text.slice(start + 2, start + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits))
        throw new ExpressionError("\\u needs four hexadecimal digits", start);
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (meaning === undefined) throw new ExpressionError(`unknown escape \\${letter}`, start);
    this.#at += 2;
    return meaning;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #take(token: string): boolean {
    this.#space();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string, where: string): void {
    if (!this.#take(token)) throw new ExpressionError(`expected ${token} ${where}`, this.#at);
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      this.#space();
      const at = this.#at;
      const operator = operators.find((it) => this.#text.startsWith(it, at));
      if (!operator) return left;
      this.#at += operator.length;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1), at };
    }
  }

  #unary(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new ExpressionError("the expression is nested too deeply", this.#at);
    this.#space();
    const at = this.#at;
    const operator = (["+", "-", "!"] as const).find((it) => this.#text.startsWith(it, at));
    const result: Expression = operator ? this.#operand(operator, at) : this.#postfix(this.#primary());
    this.#depth -= 1;
    return result;
  }

  #operand(operator: "+" | "-" | "!", at: number): Expression {
    this.#at += 1;
    return { kind: "unary", operator, operand: this.#unary(), at };
  }

  #postfix(of: Expression): Expression {
    let result = of;
    for (;;) {
      this.#space();
      const at = this.#at;
      if (this.#take(".")) {
        this.#space();
        result = { kind: "property", of: result, name: this.#identifier("after the dot"), at };
      } else if (this.#take("[")) {
        const index = this.#binary(0);
        this.#expect("]", "after the index");
        result = { kind: "index", of: result, index, at };
      } else if (this.#text[this.#at] === "(") {
        if (result.kind !== "name") throw new ExpressionError("only a function can be called", at);
        this.#at += 1;
        result = {
          kind: "call",
          name: result.name,
          args: this.#list(")", () => this.#binary(0)),
          at: result.at,
        };
      } else return result;
    }
  }

  /** Comma-separated items up to `close`; a trailing comma is allowed. */
  #list<Item>(close: string, item: () => Item): Item[] {
    const items: Item[] = [];
    for (;;) {
      if (this.#take(close)) return items;
      items.push(item());
      if (this.#take(",")) continue;
      this.#expect(close, "or a comma");
      return items;
    }
  }

  #identifier(where: string): string {
    const found = /^[\p{L}_][\p{L}\p{Nd}_]*/u.exec(this.#text.slice(this.#at, this.#at + 200))?.[0];
    if (found === undefined) throw new ExpressionError(`expected a name ${where}`, this.#at);
    this.#at += found.length;
    return found;
  }

  #primary(): Expression {
    this.#space();
    const at = this.#at;
    const next = this.#text[at] ?? "";
    if (next === "(") {
      this.#at += 1;
      const inner = this.#binary(0);
      this.#expect(")", "to close the parenthesis");
      return inner;
    }
    if (next === "[") {
      this.#at += 1;
      return { kind: "array", items: this.#list("]", () => this.#binary(0)), at };
    }
    if (next === "{") {
      this.#at += 1;
      return { kind: "object", entries: this.#list("}", () => this.#entry()), at };
    }
    if (next === '"') {
      this.#at += 1;
      const template = this.template(true);
      if (this.#text[this.#at] !== '"') throw new ExpressionError("the string is not closed", at);
      this.#at += 1;
      const [only = ""] = template;
      return template.length <= 1 && typeof only === "string"
        ? { kind: "literal", value: only, at }
        : { kind: "template", template, at };
    }
    if (next === "'") return { kind: "literal", value: this.#raw(at), at };
    const number = /^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(this.#text.slice(at, at + 400))?.[0];
    if (number !== undefined) {
      this.#at += number.length;
      const value = Number(number);
      if (!Number.isFinite(value)) throw new ExpressionError("the number is too large", at);
      return { kind: "literal", value, at };
    }
    if (next === "") throw new ExpressionError("the expression ends too early", at);
    if (!/[\p{L}_]/u.test(next)) throw new ExpressionError(`unexpected ${JSON.stringify(next)}`, at);
    const name = this.#identifier("");
    if (name === "null") return { kind: "literal", value: null, at };
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true", at };
    if (reserved.has(name)) throw new ExpressionError(`"${name}" is a reserved word`, at);
    return { kind: "name", name, at };
  }

  #raw(start: number): string {
    let value = "";
    this.#at += 1;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) throw new ExpressionError("the string is not closed", start);
      this.#at += 1;
      if (next === "'") return value;
      if (next !== "\\") {
        value += next;
        continue;
      }
      const escaped = this.#text[this.#at];
      if (escaped !== "\\" && escaped !== "'") {
        throw new ExpressionError(`unknown escape \\${escaped ?? ""} in single quotes`, this.#at - 1);
      }
      value += escaped;
      this.#at += 1;
    }
  }

  #entry(): { key: Expression; value: Expression } {
    this.#space();
    const at = this.#at;
    // A bare word is the key itself; a computed key stands in parentheses or begins with something else.
    const word = /^([\p{L}_][\p{L}\p{Nd}_]*)\s*:/u.exec(this.#text.slice(at, at + 300))?.[1];
    let key: Expression;
    if (word === undefined) key = this.#binary(0);
    else {
      key = { kind: "literal", value: word, at };
      this.#at += word.length;
    }
    this.#expect(":", "after the key");
    return { key, value: this.#binary(0) };
  }
}

/**
 * Reads a text with expressions in it. `\${{` stands for a literal `${{`.
 *
 * @throws ExpressionError with the offset of what is wrong
 */
export function parseTemplate(text: string): Template {
  return new Parser(text, 0).template(false);
}
