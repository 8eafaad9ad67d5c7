// The replay engine: workflows from sources, and runs of them as pure state machines. See docs/replay.md for how a
// run executes, docs/journal.md for what it records, docs/workflows.md for what scripts can call.
//
//     const workflow = loadWorkflow({ entry, files }, { name, sha256Hex });
//     const machine = loadRun(workflow.value, { start, records, sha256Hex });
//     const changes = machine.handle({ type: "start" }, { now, entropy });
//     // commit `changes`, perform its effects, feed their results back by `handle`
export { failedCommand } from "./failed-command.ts";
export { forkedRecords, openChildBefore } from "./fork.ts";
export { checkFinished, firstDifference, type History, historyText, parseHistory } from "./history.ts";
export type { Workflow } from "./load-workflow.ts";
export { loadWorkflow } from "./load-workflow.ts";
export { gitFileOf, loadedFile } from "./loaded-file.ts";
export type * from "./machine-types.ts";
export { outcomeOfUnbegun } from "./parent.ts";
export { predeclared } from "./predeclared.ts";
export { programDigest, programOf } from "./program.ts";
export { loadRun } from "./run-machine.ts";
export { durationArgument } from "./w/duration.ts";
export { jsonArgument, jsonObjectArgument } from "./w/json-argument.ts";
export { sumOfUnits, unitParameters } from "./w/sleep.ts";
export { timeFromMs } from "./w/time.ts";
export { whatItWaitsOn } from "./waits-on.ts";
