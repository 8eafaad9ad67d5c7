import { expect, it } from "vitest";
import { defined } from "../../src/protocol/defined.ts";

it("leaves out what is undefined, and nothing else", () => {
  const shape = defined({ no: undefined, zero: 0, none: null, empty: "", isSo: false });
  expect(Object.entries(shape)).toEqual([
    ["zero", 0],
    ["none", null],
    ["empty", ""],
    ["isSo", false],
  ]);
});
