import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Op } from "../../src/starlark/compile/opcodes.ts";

test("the machine's case labels are the numbers of the opcodes they are commented with", () => {
  const source = readFileSync(new URL("../../src/starlark/machine/execute.ts", import.meta.url), "utf8");
  const labels = [...source.matchAll(/case (\d+):(?:\s|\{)*\/\/ (\w+)/g)];
  expect(Object.fromEntries(labels.map(([, number, name]) => [name, Number(number)]))).toEqual(Op);
});
