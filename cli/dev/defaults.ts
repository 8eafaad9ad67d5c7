// What a fresh local Sluice knows, so that the first workflow meets a world worth governing.
import type { EnvironmentInput } from "../../src/protocol/environment.ts";

type Defaults = Partial<EnvironmentInput> & Pick<EnvironmentInput, "tier">;

export const defaultEnvironments: Record<string, Defaults> = {
  canary: {
    tier: "staging",
    risk: "low",
    targets: [{ function: "gitlab.com/cd/*", inputs: { app: "*-canary" } }],
  },
  production: {
    tier: "production",
    risk: "high",
    targets: [{ function: "gitlab.com/cd/*", inputs: { app: "*-production" } }],
  },
};

/** Below 0.8, so production holds it for a person. */
export const defaultFunctions: Record<string, { trustScore: number; description: string }> = {
  "gitlab.com/cd/reconcile": {
    trustScore: 0.62,
    description: "Converges an app on a revision and waits for its health",
  },
  "gitlab.com/cd/metrics-query": { trustScore: 0.9, description: "Compares a metric with a threshold" },
  "gitlab.com/cd/rollback": { trustScore: 0.9, description: "Returns an app to its previous revision" },
};

/** References with this prefix are taken from the folder instead, as with go.mod's `replace`. */
export const defaultReplacements = ["gitlab.com/cd=./functions/cd"];
