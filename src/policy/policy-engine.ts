import type { Decision, PolicyInput } from "../protocol/policy.ts";

/**
 * What decides every call. Never throws and never leaves a call undecided: what cannot be evaluated is rejected,
 * with the reason. OPA stands behind it; another engine could.
 */
export interface PolicyEngine {
  evaluate(input: PolicyInput): Promise<Decision>;
  /** The same in this turn; undefined while the engine is not loaded, which `evaluate` sees to. */
  evaluateAtOnce(input: PolicyInput): Decision | undefined;
}
