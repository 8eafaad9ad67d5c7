// Which environment governs a call.
import { matchesTarget, meansFunction } from "../../src/environments/target.ts";
import type { Target } from "../../src/protocol/environment.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";

/** A call, its function by name: the reference without the version. */
export interface Call {
  name: string;
  inputs: JsonObject;
  /** As the script says it outright. */
  environment?: string | undefined;
}

/**
 * The environment that the call names or that has a target for it; null when there is none. Refuses
 * `unknown_environment`, and `ambiguous_environment` when there are two: naming one environment must not take a
 * call that touches another out of that one's rules.
 */
export function governingEnvironment(
  call: Call,
  environments: readonly { name: string; targets: Target[] }[],
): Result<string | null> {
  const { environment } = call;
  if (environment !== undefined && !environments.some(({ name }) => name === environment)) {
    return refuse("unknown_environment", `There is no environment called ${environment}.`, { environment });
  }
  const matched = environments
    .filter(({ targets }) => targets.some((target) => matchesTarget(target, call)))
    .map(({ name }) => name);
  const governing = [...new Set(environment === undefined ? matched : [environment, ...matched])];
  if (governing.length > 1) {
    const named = environment === undefined ? "" : ` The call names ${environment}.`;
    return refuse(
      "ambiguous_environment",
      `The call of ${call.name} is governed by more than one environment: ${governing.join(", ")}.${named} ` +
        "Narrow their targets, so that it touches one.",
      { environments: governing },
    );
  }
  return ok(governing[0] ?? null);
}

/** All targets that calls of the function can meet; undefined when they are more than `limit`. */
export function targetsOf(
  name: string,
  environments: readonly { targets: Target[] }[],
  limit: number,
): Target[] | undefined {
  const found: Target[] = [];
  for (const { targets } of environments) {
    for (const target of targets) {
      if (!meansFunction(target, name)) continue;
      if (found.length === limit) return undefined;
      found.push(target);
    }
  }
  return found;
}
