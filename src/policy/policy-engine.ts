import type { Decision, PolicyInput } from "../protocol/policy.ts";

/**
 * What decides every call. Never throws and never leaves a call undecided: what cannot be evaluated is rejected,
 * with the reason. OPA stands behind it; another engine could.
 */
export interface PolicyEngine {
  evaluate(input: PolicyInput): Promise<Decision>;
  /** Sees to it that calls can be decided at once, where that is possible. Never throws. */
  load(): Promise<void>;
  /** The same as `evaluate` in this turn; undefined while the engine is not loaded, which both others see to. */
  evaluateAtOnce(input: PolicyInput): Decision | undefined;
}
