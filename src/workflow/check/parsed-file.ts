// One file of a program as the rules see it: the tree, and for every name what it stands for.
import {
  type ast,
  type Binding,
  forEachExpression,
  forEachFunction,
  forEachStatement,
  type ParsedSource,
} from "../../starlark/index.ts";

export interface ParsedFile {
  name: string;
  parsed: ParsedSource;
  /** Every function, inner ones and lambdas included. */
  functions: readonly ast.FunctionNode[];
  /** Every expression, with what encloses it. */
  expressions: readonly Placed[];
  /** Every statement, those of functions included. */
  statements: readonly ast.Statement[];
  variables: Variables;
}

export interface Placed {
  node: ast.Expression;
  statement: ast.Statement;
  /** Undefined at top level. */
  fn: ast.FunctionNode | undefined;
}

/** What is known about variables without running anything. */
export interface Variables {
  /** The variable that a name means, the same object for all functions that share it. */
  of(name: ast.Name): Binding | undefined;
  /** The function that a variable always is: bound once, by `def`. */
  definition(variable: Binding): ast.FunctionNode | undefined;
  /** The expression that a variable always is: bound once, by an assignment. */
  value(variable: Binding): ast.Expression | undefined;
  /** Where a variable comes from when it is loaded. */
  loaded(variable: Binding): { module: string; name: string } | undefined;
}

export function parsedFile(name: string, parsed: ParsedSource): ParsedFile {
  const functions: ast.FunctionNode[] = [];
  const expressions: Placed[] = [];
  const statements: ast.Statement[] = [];
  const outer = new Map<Binding, Binding>();
  /** A variable of an enclosing function is a binding of its own in every function on the way. */
  const link = (binding: Binding | undefined, fn: ast.FunctionNode | undefined) => {
    const captured = binding?.scope === "free" ? fn?.scope?.captured[binding.index] : undefined;
    if (binding !== undefined && captured !== undefined) outer.set(binding, captured);
  };
  const enter = (body: readonly ast.Statement[], fn: ast.FunctionNode | undefined) => {
    forEachStatement(body, (statement) => {
      statements.push(statement);
      if (statement.kind === "def")
        for (const binding of statement.function.scope?.captured ?? []) link(binding, fn);
      forEachExpression(statement, (node) => {
        expressions.push({ node, statement, fn });
        if (node.kind === "name") link(node.binding, fn);
        else if (node.kind === "lambda")
          for (const binding of node.function.scope?.captured ?? []) link(binding, fn);
      });
    });
  };
  enter(parsed.tree.body, undefined);
  forEachFunction(parsed.tree.body, (fn) => {
    functions.push(fn);
    enter(fn.body, fn);
  });
  const root = (binding: Binding): Binding => {
    const next = outer.get(binding);
    return next === undefined ? binding : root(next);
  };
  return {
    name,
    parsed,
    functions,
    expressions,
    statements,
    variables: variablesOf(statements, functions, expressions, root),
  };
}

type Source =
  | { fn: ast.FunctionNode }
  | { value: ast.Expression }
  | { module: string; name: string }
  | "other";

function variablesOf(
  statements: readonly ast.Statement[],
  functions: readonly ast.FunctionNode[],
  expressions: readonly Placed[],
  root: (binding: Binding) => Binding,
): Variables {
  const sources = new Map<Binding, Source[]>();
  const bind = (name: ast.Name, source: Source) => {
    if (name.binding === undefined) return;
    const variable = root(name.binding);
    sources.set(variable, [...(sources.get(variable) ?? []), source]);
  };
  const bindTarget = (target: ast.Expression) => {
    if (target.kind === "name") bind(target, "other");
    if (target.kind === "list" || target.kind === "tuple") target.items.forEach(bindTarget);
  };
  for (const statement of statements) {
    if (statement.kind === "def") bind(statement.name, { fn: statement.function });
    else if (statement.kind === "for") bindTarget(statement.target);
    else if (statement.kind === "load") {
      for (const { local, original } of statement.bindings) {
        bind(local, { module: statement.module.value, name: original });
      }
    } else if (statement.kind === "assign") {
      const isPlain = statement.operator === undefined && statement.target.kind === "name";
      if (isPlain && statement.target.kind === "name") bind(statement.target, { value: statement.value });
      else bindTarget(statement.target);
    }
  }
  for (const fn of functions) {
    for (const { name } of fn.parameters) if (name !== undefined) bind(name, "other");
  }
  for (const { node } of expressions) {
    if (node.kind !== "comprehension") continue;
    for (const clause of node.clauses) if (clause.kind === "for") bindTarget(clause.target);
  }
  const only = (variable: Binding): Exclude<Source, "other"> | undefined => {
    const all = sources.get(variable) ?? [];
    const [source] = all;
    return all.length === 1 && source !== "other" ? source : undefined;
  };
  return {
    of: (name) => (name.binding === undefined ? undefined : root(name.binding)),
    definition: (variable) => {
      const source = only(variable);
      return source !== undefined && "fn" in source ? source.fn : undefined;
    },
    value: (variable) => {
      const source = only(variable);
      return source !== undefined && "value" in source ? source.value : undefined;
    },
    loaded: (variable) => {
      const source = only(variable);
      return source !== undefined && "module" in source ? source : undefined;
    },
  };
}
