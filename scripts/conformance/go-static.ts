/** Checks of files that are parsed or resolved, but never executed. */
import type { Dialect } from "../../src/starlark/dialect.ts";
import type { Diagnostic } from "../../src/starlark/errors.ts";
import { resolveFile } from "../../src/starlark/resolve/resolver.ts";
import { SourceFile } from "../../src/starlark/source-file.ts";
import { Diagnostics } from "../../src/starlark/syntax/diagnostics.ts";
import { parseFile } from "../../src/starlark/syntax/parser.ts";

/** What the parser has against a source. */
export function parseOnly(file: string, source: string): Diagnostic[] {
  const diagnostics = new Diagnostics(new SourceFile(file, source));
  parseFile(source, diagnostics);
  return diagnostics.sorted();
}

const PREDECLARED: ReadonlySet<string> = new Set(["M"]);
const UNIVERSAL: ReadonlySet<string> = new Set(["U", "float"]);

/** What the parser and the resolver have against a source that may use `M`, `U` and `float`. */
export function resolveOnly(file: string, source: string, dialect: Dialect): Diagnostic[] {
  const text = new SourceFile(file, source);
  const diagnostics = new Diagnostics(text);
  const tree = parseFile(source, diagnostics);
  if (!diagnostics.hasErrors) {
    const options = {
      dialect,
      isPredeclared: (name: string) => PREDECLARED.has(name),
      isUniversal: (name: string) => UNIVERSAL.has(name),
      outsideNames: () => [...PREDECLARED, ...UNIVERSAL],
    };
    resolveFile(tree, options, text, diagnostics);
  }
  return diagnostics.sorted();
}
