// The examples of docs/workflows.md and docs/events.md call what there is as it wants to be called.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { check } from "../../src/starlark/index.ts";
import { checkProgram } from "../../src/workflow/check/index.ts";
import { predeclared } from "../../src/workflow/predeclared.ts";
import { sha256Hex } from "./scripted-host.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const examples = ["docs/workflows.md", "docs/events.md"].flatMap((page) =>
  [...read(page).matchAll(/^```python\n(.*?)^```$/gms)].map(([, source = ""]) => source),
);
const library = Object.fromEntries(
  ["lib/canary.star", "lib/soak.star", "lib/duration.star"].map((path) => [path, read(`workflows/${path}`)]),
);

/** A piece of a handler is put into one, in which the names that it leaves to the reader come with the event. */
function programOf(example: string): string {
  if (/^(def|load)\b.*^on_\w+\(/ms.test(example)) return example;
  const lines = example.split("\n");
  const handler = () => `def handler(w, ev):\n${lines.map((line) => `    ${line}\n`).join("")}    pass\n`;
  const missing = check(handler(), { file: "example.star", predeclared: Object.keys(predeclared) });
  const names = missing.flatMap(({ message }) => /^undefined: (\w+)$/.exec(message)?.slice(1) ?? []);
  lines.unshift(...new Set(names.map((name) => `${name} = ev["data"]["${name}"]`)));
  return `${handler()}\non_event(type = "x", handler = handler)\n`;
}

test.each(examples.map((example) => ({ name: example.split("\n")[0], example })))("$name", ({ example }) => {
  const files = { "example.star": programOf(example), ...library };
  const { findings } = checkProgram(
    { entry: "example.star", files },
    { sha256Hex, checkFilter: () => undefined, checkKey: () => undefined },
  );
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
