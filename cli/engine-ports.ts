// What the engine, which is pure, is given where it runs in the command line.
import { createHash } from "node:crypto";
import { checkFilter } from "../src/events/filter.ts";
import { checkKey } from "../src/events/key.ts";

export const enginePorts = {
  sha256Hex: (text: string): string => createHash("sha256").update(text).digest("hex"),
  checkFilter,
  checkKey,
};
