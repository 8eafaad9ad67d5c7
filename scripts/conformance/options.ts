/** A conformance program chooses its dialect by words in its text: `option:while`, `option:recursion` and so on. */
import type { Dialect } from "../../src/starlark/index.ts";

/** What the words choose; everything they do not name is off, except `load`. */
export function readDialect(source: string): Dialect {
  const has = (option: string): boolean => source.includes(`option:${option}`);
  return {
    set: has("set"),
    while: has("while"),
    topLevelControl: has("toplevelcontrol"),
    globalReassign: has("globalreassign"),
    loadBindsGlobally: has("loadbindsglobally"),
    recursion: has("recursion"),
    load: true,
  };
}
