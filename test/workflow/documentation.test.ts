import { describe, expect, test } from "vitest";
import { rules } from "../../src/workflow/check/index.ts";
import { readDocstring } from "../../src/workflow/documentation/docstring.ts";
import { filePage, referencePage, rulesPage, stubFiles } from "../../src/workflow/documentation/index.ts";
import { surface } from "../../src/workflow/surface/surface.ts";

describe("docstrings", () => {
  test("are read as summary, details and sections, whatever their indentation", () => {
    for (const indent of ["", "  ", "    "]) {
      const text = [
        "Deploys a service",
        "and waits.",
        "",
        "More about it:",
        "  - a list",
        "",
        "Args:",
        "  w: the workflow,",
        "    as always.",
        "  *rest (list): what else.",
        "",
        "Returns:",
        "  a struct:",
        "    indented.",
        "Example:",
        "  deploy(w)",
      ]
        .map((line, index) => (index === 0 || line === "" ? line : indent + line))
        .join("\n");
      const { parameters, ...docstring } = readDocstring(text);
      expect(docstring).toEqual({
        summary: "Deploys a service and waits.",
        details: "More about it:\n  - a list",
        returns: "a struct:\n  indented.",
        sections: [{ title: "Example", text: "deploy(w)" }],
      });
      expect(parameters.map(({ name, text: described }) => [name, described])).toEqual([
        ["w", "the workflow, as always."],
        ["rest", "what else."],
      ]);
    }
  });

  test("of one line, or empty, are what they are", () => {
    expect(readDocstring("Runs.")).toMatchObject({
      summary: "Runs.",
      details: "",
      parameters: [],
      returns: "",
    });
    expect(readDocstring("")).toMatchObject({ summary: "", details: "" });
  });
});

describe("the page of a file", () => {
  const source = `"""Deploys things."""

def deploy(w, ev, *, limit = 3):
    """Deploys.

    Args:
      limit: how many | at once.

    Returns:
      what came of it.
    """

def _private():
    pass

def plain(a):
    pass

on_event(type = "a", handler = deploy, filter = "event.x")
`;

  test("has its purpose, triggers and public functions", () => {
    expect(filePage("deploy.star", source)).toBe(`# \`deploy.star\`

Deploys things.

## Triggers

- on_event: type \`"a"\`, filter \`"event.x"\` → \`deploy\`

## \`deploy\`

\`\`\`python
deploy(w, ev, *, limit = 3)
\`\`\`

Deploys.

| argument | |
|---|---|
| \`limit\` | how many \\| at once. |

Returns: what came of it.

## \`plain\`

\`\`\`python
plain(a)
\`\`\``);
  });

  test("has defaults as they are written, with their parentheses", () => {
    const signature = "f(w, steps = (5, 25), one = (1,), none = (), n = (1 + 2) * 3, *rest, **more)";
    expect(filePage("x.star", `def ${signature}:\n    pass\n`)).toContain(`\n${signature}\n`);
    expect(filePage("x.star", "def f(x=(\n    1,\n)):\n    pass\n")).toContain("\nf(x = ( 1, ))\n");
  });

  test.each([
    ["on_start(deploy)", "on_start → `deploy`"],
    ["on_start(deploy, inputs = FIELDS)", "on_start: inputs `FIELDS` → `deploy`"],
    ["on_start(inputs = FIELDS, handler = deploy)", "on_start: inputs `FIELDS` → `deploy`"],
    ['on_event("a", deploy, "event.x")', 'on_event: type `"a"`, filter `"event.x"` → `deploy`'],
    [
      'on_event("a", deploy, filter = ("x" + "y") % z)',
      'on_event: type `"a"`, filter `("x" + "y") % z` → `deploy`',
    ],
    ["on_schedule(every = 60, **rest)", "on_schedule: every `60`, `**rest` → `?`"],
  ])("says of %s what starts the workflow, and what is called", (declaration, line) => {
    const source = `def deploy(w, ev):\n    pass\n\n${declaration}\n`;
    expect(filePage("x.star", source)).toContain(`## Triggers\n\n- ${line}\n`);
  });

  test("describes what is sound in a file with mistakes", () => {
    expect(filePage("x.star", "def f(x):\n    pass\n\ny = = 1\n")).toContain("f(x)");
  });
});

describe("pages and stubs made from tables", () => {
  const functions = [
    ...surface.topLevel,
    ...surface.workflowObject,
    ...surface.library,
    ...surface.modules.flatMap((module) => module.functions),
  ];

  test("the reference has a section for every function", () => {
    const page = referencePage(surface);
    for (const { name } of functions) expect(page).toContain(`### \`${name}\`\n`);
  });

  test("the stubs declare every function once, in the file of its module", () => {
    const files = stubFiles(surface);
    for (const { name } of functions) {
      const [module, member] = name.includes(".") ? name.split(".") : ["__init__", name];
      expect(
        files[`${module}.py`]?.split("\n").filter((line) => line.startsWith(`def ${member}(`)),
      ).toHaveLength(1);
    }
  });

  test("the rules have a section each, which their ids link to", () => {
    for (const id of Object.keys(rules)) expect(rulesPage()).toContain(`### ${id}\n`);
  });
});
