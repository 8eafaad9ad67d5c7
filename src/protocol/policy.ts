import { z } from "zod";
import { jsonSchema } from "./json.ts";

export const verdictSchema = z.enum(["execute", "hold", "reject"]);
export type Verdict = z.infer<typeof verdictSchema>;

export const decisionSchema = z.object({
  verdict: verdictSchema,
  reasons: z.array(z.string()),
  bundle: z.string(),
});
/** `bundle` is the SHA-256 of the policy bundle that decided. */
export type Decision = z.infer<typeof decisionSchema>;

/** The document the policy sees as `input`. Documented for policy authors in docs/policy.md. */
export interface PolicyInput {
  function: {
    reference: string;
    name: string;
    version: string | null;
    inputs: Record<string, unknown>;
    /** 0 to 1; 0 for a function the catalog does not know. */
    trust_score: number;
  };
  /** null when no environment's target matches the call. */
  environment: {
    name: string;
    tier: string;
    risk: string;
    labels: Record<string, string>;
    /** The freezes in force now. */
    freezes: { name: string; reason: string; to: string }[];
  } | null;
  caller: {
    workflow: string;
    digest: string;
    trigger: string;
    event_source: string;
    event_type: string;
    initiator: string;
    run: string;
    emergency_bypass: boolean;
  };
  approvals: { decision: "approve" | "deny"; by: string; comment: string; at: string }[];
  /** RFC 3339. */
  time: string;
}

export const approvalSchema = z.object({
  id: z.string(),
  run: z.string(),
  workflow: z.string(),
  command: z.string(),
  function: z.string(),
  inputs: jsonSchema,
  environment: z.string().optional(),
  reasons: z.array(z.string()),
  trustScore: z.number(),
  initiator: z.string(),
  openedAt: z.number(),
  state: z.enum(["pending", "approved", "denied", "withdrawn"]),
  resolvedBy: z.string().optional(),
  resolvedAt: z.number().optional(),
  comment: z.string().optional(),
});
export type Approval = z.infer<typeof approvalSchema>;

export const approvalDecisionSchema = z.strictObject({
  decision: z.enum(["approve", "deny"]),
  comment: z.string().max(2000).default(""),
});
