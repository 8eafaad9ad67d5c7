/** Walks over a syntax tree. */
import type * as ast from "../syntax/ast.ts";

/** Calls `visit` for every function in statements, inner ones included: `def` and `lambda`. */
export function forEachFunction(body: readonly ast.Statement[], visit: (fn: ast.FunctionNode) => void): void {
  const enter = (fn: ast.FunctionNode) => {
    visit(fn);
    forEachFunction(fn.body, visit);
  };
  forEachStatement(body, (statement) => {
    if (statement.kind === "def") enter(statement.function);
    forEachExpression(statement, (expression) => {
      if (expression.kind === "lambda") enter(expression.function);
    });
  });
}

/** Calls `visit` for every statement, nested blocks included, functions not entered. */
export function forEachStatement(
  body: readonly ast.Statement[],
  visit: (statement: ast.Statement) => void,
): void {
  for (const statement of body) {
    visit(statement);
    for (const block of blocksOf(statement)) forEachStatement(block, visit);
  }
}

/** The blocks directly inside a statement; a function's body is none. */
export function blocksOf(statement: ast.Statement): readonly (readonly ast.Statement[])[] {
  switch (statement.kind) {
    case "if":
      return [...statement.branches.map((branch) => branch.body), statement.otherwise ?? []];
    case "for":
    case "while":
      return [statement.body];
    default:
      return [];
  }
}

/** Calls `visit` for every expression of a statement, not those of blocks and functions inside it. */
export function forEachExpression(statement: ast.Statement, visit: (node: ast.Expression) => void): void {
  const ahead = expressionsOf(statement).toReversed();
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    visit(node);
    for (const child of childrenOf(node).toReversed()) ahead.push(child);
  }
}

function expressionsOf(statement: ast.Statement): readonly ast.Expression[] {
  switch (statement.kind) {
    case "expression":
      return [statement.expression];
    case "assign":
      return [statement.target, statement.value];
    case "def":
      return statement.function.parameters.flatMap((parameter) => parameter.defaultValue ?? []);
    case "if":
      return statement.branches.map((branch) => branch.test);
    case "for":
      return [statement.target, statement.iterable];
    case "while":
      return [statement.test];
    case "return":
      return statement.value === undefined ? [] : [statement.value];
    default:
      return [];
  }
}

/** The expressions directly inside an expression; of a lambda its defaults, not its body. */
export function childrenOf(node: ast.Expression): readonly ast.Expression[] {
  switch (node.kind) {
    case "list":
    case "tuple":
      return node.items;
    case "dict":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "comprehension": {
      const body = "key" in node.body ? [node.body.key, node.body.value] : [node.body];
      const clauses = node.clauses.flatMap((clause) =>
        clause.kind === "for" ? [clause.target, clause.iterable] : [clause.test],
      );
      return [...clauses, ...body];
    }
    case "unary":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "conditional":
      return [node.test, node.whenTrue, node.whenFalse];
    case "lambda":
      return node.function.parameters.flatMap((parameter) => parameter.defaultValue ?? []);
    case "call":
      return [node.callee, ...node.arguments.map((argument) => argument.value)];
    case "index":
      return [node.object, node.index];
    case "slice":
      return [node.object, ...[node.low, node.high, node.step].filter((part) => part !== undefined)];
    case "dot":
      return [node.object];
    default:
      return [];
  }
}
