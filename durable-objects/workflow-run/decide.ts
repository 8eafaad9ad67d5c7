// Asks policy about one call: which environment governs it, what that environment is like now, and the verdict.
import { freezesInForce } from "../../src/environments/freeze.ts";
import {
  functionName,
  functionVersion,
  parseFunctionReference,
} from "../../src/protocol/function-reference.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Decision, PolicyInput } from "../../src/protocol/policy.ts";
import { ok, type Result } from "../../src/protocol/result.ts";
import type { Effect, PolicyAnswer } from "../../src/workflow/machine-types.ts";
import type { CatalogRpc, EnvironmentRpc } from "../rpc.ts";
import type { StoredStart } from "./parts.ts";

export interface PolicyPorts {
  catalog: Pick<CatalogRpc, "governing">;
  environment(name: string): Pick<EnvironmentRpc, "view">;
  evaluate(input: PolicyInput): Promise<Decision>;
}

type Decide = Extract<Effect, { kind: "decide" }>;

/**
 * The answer to a `decide` effect. Refuses what the catalog refuses (`ambiguous_environment`,
 * `unknown_environment`); throws when somebody could not be asked, which is worth another try.
 */
export async function decide(
  run: StoredStart,
  call: Decide,
  now: number,
  ports: PolicyPorts,
): Promise<Result<PolicyAnswer>> {
  const governing = await ports.catalog.governing({
    reference: call.reference,
    inputs: call.inputs,
    ...(call.environment === undefined ? {} : { environment: call.environment }),
  });
  if (!governing.ok) return governing;
  const { trustScore, environment } = governing.value;
  const input: PolicyInput = {
    function: { ...named(call.reference), inputs: call.inputs, trust_score: trustScore },
    environment: environment === null ? null : await described(environment, now, ports),
    caller: {
      workflow: run.workflow,
      digest: run.program.digest,
      trigger: run.trigger.id,
      event_source: run.event.source,
      event_type: run.event.type,
      initiator: run.initiator,
      run: run.id,
      emergency_bypass: run.event.sluicebypass === true,
    },
    approvals: call.approvals,
    time: new Date(now).toISOString(),
  };
  const decision = await ports.evaluate(input);
  return ok({ decision, environment, trustScore, input: input as unknown as JsonObject });
}

function named(reference: string): { reference: string; name: string; version: string | null } {
  const parsed = parseFunctionReference(reference);
  // What is no reference still gets decided, as what it says: the router or the runner says what is wrong with it.
  if (!parsed.ok) return { reference, name: reference, version: null };
  return { reference, name: functionName(parsed.value), version: functionVersion(parsed.value) };
}

async function described(
  name: string,
  now: number,
  ports: PolicyPorts,
): Promise<NonNullable<PolicyInput["environment"]>> {
  const view = await ports.environment(name).view();
  // The catalog hears of a removal a moment later than the environment: asked again, it knows.
  if (!view.ok) throw new Error(`environment ${name} cannot be read: ${view.error.message}`);
  const { tier, risk, labels, freezes } = view.value;
  return {
    name,
    tier,
    risk,
    labels,
    freezes: freezesInForce(freezes, now).map(({ name, reason, to }) => ({ name, reason, to })),
  };
}
