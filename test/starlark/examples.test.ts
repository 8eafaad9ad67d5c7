/** The examples for embedders, in the one file that embedders read, do what they say. */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import * as starlark from "../../src/starlark/index.ts";

const text = readFileSync(new URL("../../src/starlark/index.ts", import.meta.url), "utf8");

/** Runs of lines of the opening comment that are indented as code. */
function examples(): string[] {
  const comment = text.slice(0, text.indexOf("*/")).split("\n");
  const blocks: string[][] = [[]];
  for (const line of comment) {
    const code = /^ \* {5}(.*)$/.exec(line)?.[1];
    if (code !== undefined) blocks.at(-1)?.push(code);
    else if (blocks.at(-1)?.length !== 0) blocks.push([]);
  }
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
}

/** `value; // => expected` says what a value is. */
const CLAIM = /^(.*); \/\/ => (.*)$/gm;

test.each(examples().map((code) => [code]))("%s", async (code) => {
  const claims = [...code.matchAll(CLAIM)].length;
  expect(claims).toBeGreaterThan(0);
  const checked = stripTypeScriptTypes(`async () => {\n${code.replace(CLAIM, "same($1, $2);")}\n}`);
  let held = 0;
  const same = (actual: unknown, expected: unknown): void => {
    expect(actual).toEqual(expected);
    held++;
  };
  const names = Object.keys(starlark);
  const run = new Function("same", ...names, `return (${checked.replace(/;\s*$/, "")})()`);
  await run(same, ...Object.values(starlark));
  expect(held).toBe(claims);
});

test("there is an example for everything an embedder does", () => {
  expect(examples().length).toBeGreaterThanOrEqual(9);
});
