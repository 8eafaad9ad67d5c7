import type { Builtin } from "./builtin.ts";
import { emit } from "./emit.ts";
import { http } from "./http/http.ts";
import { log } from "./log.ts";
import { cancel, signal } from "./runs.ts";

const builtins: Readonly<Record<string, Builtin>> = { cancel, emit, http, log, signal };

export const builtinNames: readonly string[] = Object.keys(builtins);

/** The function behind `builtin://<name>`; undefined when there is none. */
export function findBuiltin(name: string): Builtin | undefined {
  return Object.hasOwn(builtins, name) ? builtins[name] : undefined;
}
