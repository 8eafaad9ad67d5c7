import { describe, expect, test } from "vitest";
import { predeclared } from "../../src/workflow/predeclared.ts";
import { libraryEntries, moduleEntries } from "../../src/workflow/surface/modules.ts";
import { surface } from "../../src/workflow/surface/surface.ts";
import { topLevelEntries } from "../../src/workflow/surface/top-level.ts";
import { workflowObjectEntries } from "../../src/workflow/surface/workflow-object.ts";

const functions = [
  ...surface.topLevel,
  ...surface.workflowObject,
  ...surface.library,
  ...surface.modules.flatMap((module) => module.functions),
];

describe("everything a workflow file can call is documented in src/workflow/surface", () => {
  test.each(functions.map((fn) => [fn.name, fn] as const))("%s", (_name, fn) => {
    expect(fn.summary, "summary").toMatch(/^[A-Z].*\.$/);
    for (const parameter of fn.parameters) {
      expect(parameter.doc, `parameter ${parameter.name}`).toMatch(/^[A-Z`"].*\.$/);
    }
  });

  test.each(surface.modules.map((module) => [module.name, module] as const))("module %s", (_name, module) => {
    expect(module.summary).toMatch(/\.$/);
    for (const constant of module.constants) expect(constant.doc, constant.name).toMatch(/\.$/);
  });

  test("and nothing is documented that does not exist", () => {
    const entries = {
      "": { ...topLevelEntries, ...libraryEntries },
      "w.": workflowObjectEntries,
      ...Object.fromEntries(
        Object.entries(moduleEntries).map(([name, entry]) => [`${name}.`, entry.functions]),
      ),
    };
    for (const [prefix, group] of Object.entries(entries)) {
      for (const [name, entry] of Object.entries(group)) {
        const fn = functions.find((candidate) => candidate.name === prefix + name);
        expect(fn, prefix + name).toBeDefined();
        const known = fn?.parameters.map(({ form, name }) =>
          form === "star" ? `*${name}` : form === "starstar" ? `**${name}` : name,
        );
        for (const parameter of Object.keys(entry.parameters ?? {})) expect(known).toContain(parameter);
      }
    }
  });

  test("every predeclared name is in the table", () => {
    const known = [
      ...surface.topLevel.map(({ name }) => name),
      ...surface.library.map(({ name }) => name),
      ...surface.modules.map(({ name }) => name),
    ];
    expect(known.sort()).toEqual(Object.keys(predeclared).sort());
  });
});
