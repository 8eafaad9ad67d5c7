import { z } from "zod";
import { nameSchema } from "./ids.ts";
import { runnerTagsSchema } from "./job.ts";

/**
 * What a token may do. `viewer` reads; `sender` posts events; `runner` takes jobs; `operator` reads, sends,
 * cancels and approves; `admin` does everything, tokens included.
 */
export const roleSchema = z.enum(["viewer", "sender", "runner", "operator", "admin"]);
export type Role = z.infer<typeof roleSchema>;

const tokenTagsSchema = runnerTagsSchema
  .min(1)
  .describe("The only tags that its runners may ask for work with. Where there are none: any.");

export const tokenInputSchema = z
  .strictObject({
    /** Who holds it: the identity that approvals and the audit log record. */
    subject: z.string().min(1).max(200),
    role: roleSchema,
    expiresInDays: z.number().int().min(1).max(3650).optional(),
    tags: tokenTagsSchema.optional(),
  })
  .refine(({ role, tags }) => tags === undefined || role === "runner", {
    path: ["tags"],
    message: "only a token of role runner has tags",
  });
export const tokenSchema = z.object({
  id: nameSchema,
  subject: z.string(),
  role: roleSchema,
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
  tags: tokenTagsSchema.optional(),
});
export type TokenView = z.infer<typeof tokenSchema>;

/** Who is calling. */
export interface Identity {
  subject: string;
  role: Role;
  tokenId: string;
  /** The only tags that a runner may ask for work with; undefined: any. */
  tags?: string[];
}
