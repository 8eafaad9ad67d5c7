// The object that every handler gets as its first argument. It holds nothing: what it does depends on the fiber
// that calls it, so one object serves all runs.
import { HostObject, universe, type Value } from "../../starlark/index.ts";
import { setLabel, setOutput, setProgress, setStatus } from "./annotate.ts";
import { continueAsNew } from "./continue-as-new.ts";
import { form } from "./form.ts";
import { info } from "./info.ts";
import { lock } from "./lock.ts";
import { parallel, race, spawn, wait } from "./parallel.ts";
import { attempt, defer } from "./protect.ts";
import { run } from "./run.ts";
import { select } from "./select.ts";
import { sleep } from "./sleep.ts";
import { sleepUntil } from "./sleep-until.ts";
import { start } from "./start.ts";
import { now, random, uuid } from "./values.ts";
import { waitForEvent } from "./wait-for-event.ts";
import { waitForSignal } from "./wait-for-signal.ts";

const print = universe.get("print") ?? null;

const functions: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["run", run],
  ["sleep", sleep],
  ["sleep_until", sleepUntil],
  ["wait_for_event", waitForEvent],
  ["wait_for_signal", waitForSignal],
  ["start", start],
  ["form", form],
  ["lock", lock],
  ["set_status", setStatus],
  ["set_label", setLabel],
  ["set_progress", setProgress],
  ["set_output", setOutput],
  ["now", now],
  ["uuid", uuid],
  ["random", random],
  ["parallel", parallel],
  ["spawn", spawn],
  ["wait", wait],
  ["race", race],
  ["select", select],
  ["attempt", attempt],
  ["defer", defer],
  ["continue_as_new", continueAsNew],
  ["info", info],
  // The same as `print`: what a script prints follows from its journal, so it is no command.
  ["log", print],
]);

class WorkflowObject extends HostObject {
  override get type(): string {
    return "workflow";
  }

  override attribute(name: string): Value | undefined {
    return functions.get(name);
  }

  override attributeNames(): string[] {
    return [...functions.keys()].sort();
  }
}

export const w: Value = new WorkflowObject();
