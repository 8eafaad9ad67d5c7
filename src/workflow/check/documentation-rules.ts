// Docstrings: are they there where people look for them, and do they describe the function they stand in?
import { type ast, nearestName } from "../../starlark/index.ts";
import { docstringOf, readDocstring } from "../documentation/docstring.ts";
import type { Report } from "./finding.ts";
import type { Meanings } from "./meanings.ts";
import type { ParsedFile } from "./parsed-file.ts";

export function checkDocumentation(file: ParsedFile, meanings: Meanings, report: Report): void {
  // A file without triggers is there to be loaded: its public functions are what others read about.
  const isLibrary = ![...file.expressions].some(({ node }) => {
    const called = meanings.surfaceFunction(node, file);
    return called?.parameters.some(({ meaning }) => meaning === "handler");
  });
  for (const statement of file.parsed.tree.body) {
    if (statement.kind !== "def") continue;
    const { name, function: fn } = statement;
    const docstring = docstringOf(fn.body);
    if (docstring !== undefined) checkParameters(fn, docstring, report);
    else if (meanings.handlers.has(fn)) {
      report.add("missing-docstring", `handler ${name.name} has no docstring`, name);
    } else if (isLibrary && !name.name.startsWith("_")) {
      report.add("missing-docstring", `function ${name.name} has no docstring`, name);
    }
  }
}

function checkParameters(fn: ast.FunctionNode, docstring: ast.StringLiteral, report: Report): void {
  const names = fn.parameters.flatMap(({ name }) => name?.name ?? []);
  for (const { name } of readDocstring(docstring.value).parameters) {
    if (names.includes(name)) continue;
    const nearest = nearestName(name, names);
    report.add("docstring-mismatch", `${fn.name} has no parameter ${name}`, docstring, {
      ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
    });
  }
}
