// From stored sources to a running engine.

import { checkFilter } from "../../src/events/filter.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import { loadRun, loadWorkflow, type Workflow } from "../../src/workflow/index.ts";
import type { RunMachine, RunMachineOptions } from "../../src/workflow/machine-types.ts";
import { sha256 } from "../sha256.ts";

const KEPT_WORKFLOWS = 64;
/**
 * Compiled programs of this isolate, by digest. Their module values are frozen, so the runs of one program can
 * share them; the oldest goes first.
 */
const compiled = new Map<string, Workflow>();

function workflowOf(program: ProgramSource): Workflow {
  const known = compiled.get(program.digest);
  if (known) return known;
  const loaded = loadWorkflow(program, { sha256Hex: sha256, wasTaken: true });
  if (!loaded.ok) throw new Error(`the program of this run does not load: ${loaded.error.message}`);
  const oldest = compiled.keys().next().value;
  if (compiled.size >= KEPT_WORKFLOWS && oldest !== undefined) compiled.delete(oldest);
  compiled.set(program.digest, loaded.value);
  return loaded.value;
}

/**
 * The engine of a run, at the end of its journal. Throws when the program no longer compiles. With `null` the engine
 * moves no script, see `loadRun`: a run that is over needs no more.
 */
export function loadMachine(program: ProgramSource | null, options: RunMachineOptions): RunMachine {
  return loadRun(program === null ? undefined : workflowOf(program), { checkFilter, ...options });
}
