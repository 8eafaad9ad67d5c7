// Names: attributes that do not exist, names that hide others, private functions that nobody calls.
import { type ast, HostObject, nearestName, StarlarkModule, universe } from "../../starlark/index.ts";
import { predeclared } from "../predeclared.ts";
import { surface } from "../surface/surface.ts";
import type { Report } from "./finding.ts";
import type { Meanings } from "./meanings.ts";
import type { ParsedFile } from "./parsed-file.ts";

export function checkAttributes(file: ParsedFile, meanings: Meanings, report: Report): void {
  for (const { node } of file.expressions) {
    if (node.kind !== "dot") continue;
    const meaning = meanings.of(node.object, file);
    if (meaning === undefined || !("value" in meaning)) continue;
    const { value } = meaning;
    if (!(value instanceof HostObject) || value.attribute(node.attribute) !== undefined) continue;
    const nearest = nearestName(node.attribute, value.attributeNames());
    const what = value instanceof StarlarkModule ? `module ${value.name}` : "the workflow object";
    const hint =
      nearest === undefined ? `it has ${value.attributeNames().join(", ")}` : `did you mean .${nearest}?`;
    const at = { start: node.attributeStart, end: node.end };
    report.add("unknown-attribute", `${what} has no .${node.attribute}`, at, { hint });
  }
}

/** What only top level can call hides nothing in a function. */
const declaring = new Set(surface.topLevel.map(({ name }) => name));

export function checkShadowing(file: ParsedFile, report: Report): void {
  const check = (name: ast.Name, isGlobal: boolean) => {
    const isKnown = universe.has(name.name) || Object.hasOwn(predeclared, name.name);
    if (!isKnown || name.binding?.start !== name.start || (!isGlobal && declaring.has(name.name))) return;
    const kind = predeclared[name.name] instanceof StarlarkModule ? "the module" : "the builtin";
    report.add("shadowed-builtin", `${name.name} hides ${kind} of that name`, name);
  };
  const checkTarget = (target: ast.Expression, isGlobal: boolean) => {
    if (target.kind === "name") check(target, isGlobal);
    if (target.kind === "list" || target.kind === "tuple") {
      for (const item of target.items) checkTarget(item, isGlobal);
    }
  };
  for (const statement of file.statements) {
    if (statement.kind === "def") check(statement.name, statement.name.binding?.scope === "global");
    else if (statement.kind === "load") for (const { local } of statement.bindings) check(local, true);
    else if (statement.kind === "assign" || statement.kind === "for") {
      const { target } = statement;
      checkTarget(target, target.kind === "name" && target.binding?.scope === "global");
    }
  }
  for (const fn of file.functions) {
    for (const { name } of fn.parameters) if (name !== undefined) check(name, false);
  }
}

export function checkPrivateFunctions(file: ParsedFile, report: Report): void {
  for (const statement of file.parsed.tree.body) {
    if (statement.kind !== "def" || !statement.name.name.startsWith("_")) continue;
    if (statement.name.binding?.uses !== 0) continue;
    report.add("unused-function", `${statement.name.name} is never used`, statement.name);
  }
}
