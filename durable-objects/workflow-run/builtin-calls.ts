// The calls of builtins: what stands behind a name, what it is told, and what of its result is for everybody.
import { type Builtin, type BuiltinCall, failure, type LocalBuiltin } from "../../src/builtins/builtin.ts";
import { builtinNames, findBuiltin } from "../../src/builtins/registry.ts";
import type { Effect } from "../../src/workflow/machine-types.ts";
import { maskedConsequence } from "../../src/workflow/secrets/masked-effects.ts";
import type { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";
import type { LocalOutcome } from "./answers-at-once.ts";
import type { StoredStart } from "./parts.ts";

export type CallBuiltin = Extract<Effect, { kind: "call_builtin" }>;

const BUILTIN = "builtin://";

/** The builtin of that name; for any other name one that fails and says which there are. */
export function builtinOf(name: string): Builtin {
  return findBuiltin(name) ?? unknownBuiltin(name);
}

function unknownBuiltin(name: string): LocalBuiltin {
  const known = builtinNames.map((builtin) => BUILTIN + builtin).join(", ");
  const outcome = failure("UnknownFunction", `there is no ${BUILTIN}${name}: there are ${known}`);
  return { kind: "local", perform: () => ({ outcome }) };
}

/** What a builtin is told of its call at `now` (ms since the epoch). */
export function callOf(
  run: StoredStart,
  { command, attempt, inputs }: CallBuiltin,
  now: number,
): BuiltinCall {
  const { id, workspace, workflow, event: cause } = run;
  return { run: id, workspace, workflow, command, attempt, inputs, cause, now };
}

/** Performs a local builtin. What it emits and writes is for everybody: no secret of the run is in it. */
export function performLocal(builtin: LocalBuiltin, call: BuiltinCall, secrets: RunSecrets): LocalOutcome {
  const { outcome, events, log } = builtin.perform(call);
  return {
    outcome,
    ...(events === undefined ? {} : { events: events.map((event) => maskedConsequence(event, secrets)) }),
    ...(log === undefined ? {} : { log: log.map((text) => secrets.mask.text(text)) }),
  };
}
