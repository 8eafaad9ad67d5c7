/** Prints syntax trees as source text, with no parentheses but those that are needed. */
import type * as ast from "../../src/starlark/syntax/ast.ts";
import { formatFloat } from "../../src/starlark/value/float.ts";
import { quoteBytes, quoteString } from "../../src/starlark/value/quote.ts";

const CONDITIONAL = 0;
const UNARY = 20;
const PRIMARY = 30;

/** From the loosest to the tightest, after lambdas and conditionals. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["not"],
  ["==", "!=", "<", ">", "<=", ">=", "in", "not in"],
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["-", "+"],
  ["*", "%", "/", "//"],
];
const NOT = 3;
const COMPARISON = 4;

function precedenceOf(operator: string): number {
  return 1 + LEVELS.findIndex((level) => level.includes(operator));
}

/** Prints a file. */
export function printFile(file: ast.FileNode): string {
  return `${printBlock(file.body, "").join("\n")}\n`;
}

function printBlock(body: readonly ast.Statement[], margin: string): string[] {
  return body.flatMap((statement) => printStatement(statement, margin));
}

function printStatement(statement: ast.Statement, margin: string): string[] {
  const block = (header: string, body: readonly ast.Statement[]): string[] => [
    `${margin}${header}:`,
    ...printBlock(body, `${margin}  `),
  ];
  switch (statement.kind) {
    case "expression":
      return [margin + printTuple(statement.expression)];
    case "assign":
      return [
        `${margin}${printTuple(statement.target)} ${statement.operator ?? ""}= ${printTuple(statement.value)}`,
      ];
    case "def":
      return block(
        `def ${statement.name.name}(${printParameters(statement.function.parameters)})`,
        statement.function.body,
      );
    case "if":
      return [
        ...statement.branches.flatMap(({ test, body }, i) =>
          block(`${i === 0 ? "if" : "elif"} ${print(test, 0)}`, body),
        ),
        ...(statement.otherwise === undefined ? [] : block("else", statement.otherwise)),
      ];
    case "for":
      return block(
        `for ${printTuple(statement.target)} in ${printTuple(statement.iterable)}`,
        statement.body,
      );
    case "while":
      return block(`while ${print(statement.test, 0)}`, statement.body);
    case "return":
      return [`${margin}return${statement.value === undefined ? "" : ` ${printTuple(statement.value)}`}`];
    case "load": {
      const names = statement.bindings.map(
        ({ local, original }) => `${local.name} = ${quoteString(original)}`,
      );
      return [`${margin}load(${[quoteString(statement.module.value), ...names].join(", ")})`];
    }
    default:
      return [margin + statement.kind];
  }
}

function printParameters(parameters: readonly ast.Parameter[]): string {
  const stars = { plain: "", star: "*", starstar: "**" };
  return parameters
    .map(({ kind, name, defaultValue }) => {
      const value = defaultValue === undefined ? "" : ` = ${print(defaultValue, 0)}`;
      return `${stars[kind]}${name?.name ?? ""}${value}`;
    })
    .join(", ");
}

/** Where a tuple needs no parentheses. */
function printTuple(node: ast.Expression): string {
  if (node.kind !== "tuple" || node.items.length < 2) return print(node, 0);
  return node.items.map((item) => print(item, 0)).join(", ");
}

/** Prints an expression, in parentheses where it binds less tightly than asked for. */
function print(node: ast.Expression, tightness: number): string {
  const [text, own] = printBare(node);
  return own < tightness ? `(${text})` : text;
}

function printBare(node: ast.Expression): [text: string, tightness: number] {
  switch (node.kind) {
    case "name":
      return [node.name, PRIMARY];
    case "int":
      return [String(node.value), PRIMARY];
    case "float":
      return [formatFloat(node.value), PRIMARY];
    case "string":
      return [quoteString(node.value), PRIMARY];
    case "bytes":
      return [quoteBytes(node.value), PRIMARY];
    case "list":
      return [`[${node.items.map((item) => print(item, 0)).join(", ")}]`, PRIMARY];
    case "tuple":
      return [`(${node.items.map((item) => `${print(item, 0)},`).join(" ")})`, PRIMARY];
    case "dict":
      return [
        `{${node.entries.map(({ key, value }) => `${print(key, 0)}: ${print(value, 0)}`).join(", ")}}`,
        PRIMARY,
      ];
    case "comprehension":
      return [printComprehension(node), PRIMARY];
    case "unary":
      return node.operator === "not"
        ? [`not ${print(node.operand, NOT)}`, NOT]
        : [`${node.operator}${print(node.operand, UNARY)}`, UNARY];
    case "binary": {
      const own = precedenceOf(node.operator);
      const left = print(node.left, own === COMPARISON ? own + 1 : own);
      return [`${left} ${node.operator} ${print(node.right, own + 1)}`, own];
    }
    case "conditional":
      return [
        `${print(node.whenTrue, 1)} if ${print(node.test, 1)} else ${print(node.whenFalse, 0)}`,
        CONDITIONAL,
      ];
    case "lambda":
      return [
        `lambda ${printParameters(node.function.parameters)}: ${printResult(node.function)}`,
        CONDITIONAL,
      ];
    case "call":
      return [`${print(node.callee, PRIMARY)}(${node.arguments.map(printArgument).join(", ")})`, PRIMARY];
    case "index":
      return [`${print(node.object, PRIMARY)}[${printTuple(node.index)}]`, PRIMARY];
    case "slice": {
      const [low, high, step] = [node.low, node.high, node.step].map((part) =>
        part === undefined ? "" : print(part, 0),
      );
      return [`${print(node.object, PRIMARY)}[${low}:${high}:${step}]`, PRIMARY];
    }
    case "dot": {
      // `1.x` would be a number.
      const isNumber = node.object.kind === "int" || node.object.kind === "float";
      return [`${print(node.object, isNumber ? PRIMARY + 1 : PRIMARY)}.${node.attribute}`, PRIMARY];
    }
  }
}

function printResult(lambda: ast.FunctionNode): string {
  const [body] = lambda.body;
  return body?.kind === "return" && body.value !== undefined ? print(body.value, 0) : "";
}

function printArgument({ kind, name, value }: ast.Argument): string {
  const stars = { positional: "", named: "", star: "*", starstar: "**" };
  const label = name === undefined ? "" : `${name.name} = `;
  return `${stars[kind]}${label}${print(value, 0)}`;
}

function printComprehension({ body, clauses }: ast.Comprehension): string {
  const isDict = "key" in body;
  const element = isDict ? `${print(body.key, 0)}: ${print(body.value, 0)}` : print(body, 0);
  const parts = clauses.map((clause) =>
    clause.kind === "for"
      ? `for ${printTuple(clause.target)} in ${print(clause.iterable, 1)}`
      : `if ${print(clause.test, 1)}`,
  );
  const text = [element, ...parts].join(" ");
  return isDict ? `{${text}}` : `[${text}]`;
}
