/** Finds the names that a block binds: they belong to the whole block, wherever they are bound. */
import type * as ast from "../syntax/ast.ts";

/** Calls `bind` for every name that statements bind, in order, without entering functions. */
export function boundNames(body: readonly ast.Statement[], bind: (name: ast.Name) => void): void {
  for (const statement of body) {
    switch (statement.kind) {
      case "assign":
        targetNames(statement.target, bind);
        break;
      case "def":
        bind(statement.name);
        break;
      case "for":
        targetNames(statement.target, bind);
        boundNames(statement.body, bind);
        break;
      case "while":
        boundNames(statement.body, bind);
        break;
      case "if":
        for (const branch of statement.branches) boundNames(branch.body, bind);
        boundNames(statement.otherwise ?? [], bind);
        break;
    }
  }
}

/** Calls `bind` for every name in the target of an assignment or loop. */
export function targetNames(target: ast.Expression, bind: (name: ast.Name) => void): void {
  if (target.kind === "name") bind(target);
  else if (target.kind === "list" || target.kind === "tuple") {
    for (const item of target.items) targetNames(item, bind);
  }
}
