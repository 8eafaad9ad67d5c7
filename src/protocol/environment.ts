import { z } from "zod";
import { healthSchema } from "./health.ts";
import { nameSchema } from "./ids.ts";

export const tierSchema = z.enum(["production", "staging", "development"]);
export const riskSchema = z.enum(["low", "medium", "high", "critical"]);

/**
 * Which calls touch this environment: `function` is a glob over the reference without its version
 * (`gitlab.com/cd/*`), `inputs` maps an input's name to a glob over its text (`app: "*-production"`).
 * Every part that is given must match. It is compared in the one spelling that a name has (`canonicalTarget`).
 */
export const targetSchema = z.strictObject({
  function: z.string().min(1).max(300).default("*"),
  inputs: z.record(z.string(), z.string().min(1).max(300)).default({}),
});
export type Target = z.infer<typeof targetSchema>;

export const freezeSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** ISO 8601 instants; `to` is exclusive. */
  from: z.iso.datetime({ offset: true }),
  to: z.iso.datetime({ offset: true }),
  reason: z.string().max(500).default(""),
});

export const environmentInputSchema = z.strictObject({
  tier: tierSchema,
  risk: riskSchema.default("medium"),
  labels: z.record(z.string().max(63), z.string().max(200)).default({}),
  targets: z.array(targetSchema).max(100).default([]),
  freezes: z.array(freezeSchema).max(100).default([]),
});
export type EnvironmentInput = z.infer<typeof environmentInputSchema>;

/** The last Function that ended well in this environment, per app: what is deployed. */
export const deploymentSchema = z.object({
  app: z.string(),
  revision: z.string(),
  function: z.string(),
  run: z.string(),
  by: z.string(),
  at: z.number(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

export const environmentSchema = environmentInputSchema.extend({
  name: nameSchema,
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.number().int(),
  deployments: z.array(deploymentSchema),
  /** What was reported of apps there, the newest report of each; `healthOf` says what it means for a deployment. */
  health: z.array(healthSchema).default([]),
});
export type EnvironmentView = z.infer<typeof environmentSchema>;
