/** Finds what is allowed but hardly meant: unused variables and loads, code that is never reached. */
import type * as ast from "../syntax/ast.ts";
import type { Diagnostics } from "../syntax/diagnostics.ts";
import { blocksOf, forEachFunction } from "./walk.ts";

/** Notes warnings about a file that has been resolved. A leading underscore means "unused on purpose". */
export function lintFile(file: ast.FileNode, diagnostics: Diagnostics): void {
  for (const statement of file.body) {
    if (statement.kind !== "load") continue;
    for (const { local } of statement.bindings) {
      if (isUnused(local)) {
        diagnostics.warning("unused-load", `${local.name} is loaded but never used`, local.start, local.end);
      }
    }
  }
  lintBlock(file.body, diagnostics);
  forEachFunction(file.body, (fn) => {
    lintBlock(fn.body, diagnostics);
    lintVariables(fn.body, diagnostics);
  });
}

function isUnused({ name, binding, start }: ast.Name): boolean {
  return binding?.uses === 0 && binding.start === start && !name.startsWith("_");
}

/** Variables of a function that are assigned by themselves or by `def`, and never read. */
function lintVariables(body: readonly ast.Statement[], diagnostics: Diagnostics): void {
  for (const statement of body) {
    if (statement.kind === "assign" && statement.target.kind === "name" && isUnused(statement.target)) {
      const { name, start, end } = statement.target;
      diagnostics.warning("unused-variable", `variable ${name} is assigned but never used`, start, end);
    }
    if (statement.kind === "def" && isUnused(statement.name)) {
      const { name, start, end } = statement.name;
      diagnostics.warning("unused-variable", `function ${name} is defined but never used`, start, end);
    }
    for (const block of blocksOf(statement)) lintVariables(block, diagnostics);
  }
}

/** Notes the first statement of a block that is never reached; tells whether the end of it is. */
function lintBlock(body: readonly ast.Statement[], diagnostics: Diagnostics): boolean {
  let reached = true;
  let isNoted = false;
  for (const statement of body) {
    if (!reached && !isNoted) {
      isNoted = true;
      diagnostics.warning("unreachable-code", "this is never reached", statement.start, statement.end);
    }
    if (!lintStatement(statement, diagnostics)) reached = false;
  }
  return reached;
}

/** Tells whether what follows a statement can be reached. */
function lintStatement(statement: ast.Statement, diagnostics: Diagnostics): boolean {
  switch (statement.kind) {
    case "return":
    case "break":
    case "continue":
      return false;
    case "expression":
      lintDiscarded(statement, diagnostics);
      return !isFail(statement.expression);
    case "if": {
      const ends = statement.branches.map((branch) => lintBlock(branch.body, diagnostics));
      const otherwise = statement.otherwise === undefined || lintBlock(statement.otherwise, diagnostics);
      return ends.includes(true) || otherwise;
    }
    case "for":
    case "while":
      lintBlock(statement.body, diagnostics);
      return true;
    default:
      return true;
  }
}

/** A comparison by itself is most likely a mistyped assignment. */
function lintDiscarded({ expression, start, end }: ast.ExpressionStatement, diagnostics: Diagnostics): void {
  if (expression.kind !== "binary" || expression.operator !== "==") return;
  diagnostics.warning("discarded-comparison", "the result of == is not used", start, end, "did you mean = ?");
}

/** A call of the universal `fail`, which never returns. */
function isFail(expression: ast.Expression): boolean {
  if (expression.kind !== "call" || expression.callee.kind !== "name") return false;
  return expression.callee.name === "fail" && expression.callee.binding?.scope === "universal";
}
