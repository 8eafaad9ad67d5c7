import { z } from "zod";
import { nameSchema } from "./ids.ts";

/**
 * What a token may do. `viewer` reads; `sender` posts events; `runner` takes jobs; `operator` reads, sends,
 * cancels and approves; `admin` does everything, tokens included.
 */
export const roleSchema = z.enum(["viewer", "sender", "runner", "operator", "admin"]);
export type Role = z.infer<typeof roleSchema>;

export const tokenInputSchema = z.strictObject({
  /** Who holds it: the identity that approvals and the audit log record. */
  subject: z.string().min(1).max(200),
  role: roleSchema,
  expiresInDays: z.number().int().min(1).max(3650).optional(),
});
export const tokenSchema = z.object({
  id: nameSchema,
  subject: z.string(),
  role: roleSchema,
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
});
export type TokenView = z.infer<typeof tokenSchema>;

/** Who is calling. */
export interface Identity {
  subject: string;
  role: Role;
  tokenId: string;
}
