/** The library modules, by the names under which hosts predeclare them. None reads a clock or the outside. */
import type { Value } from "../value/value.ts";
import { base64Module } from "./base64-module.ts";
import { hashlibModule } from "./hashlib-module.ts";
import { jsonModule } from "./json-module.ts";
import { mathModule } from "./math-module.ts";
import { struct } from "./struct-function.ts";
import { timeModule } from "./time-module.ts";

/** What a host passes as `predeclared`, as a whole or in part. */
export const standardModules: Readonly<Record<string, Value>> = {
  base64: base64Module,
  hashlib: hashlibModule,
  json: jsonModule,
  math: mathModule,
  struct,
  time: timeModule,
};
