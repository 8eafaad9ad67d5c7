import type { RunId } from "../../src/protocol/ids.ts";

let ids = 0;

/** Of a run, or of another object. Counted, since drawing one takes time that would be measured. */
export function newId(): RunId {
  return `run_${(ids++).toString(16).padStart(32, "0")}` as RunId;
}
