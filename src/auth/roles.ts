// Which role may do what another role may.
import type { Role } from "../protocol/token.ts";

const includes: Record<Role, readonly Role[]> = {
  viewer: ["viewer"],
  sender: ["sender"],
  runner: ["runner"],
  operator: ["operator", "viewer", "sender"],
  admin: ["admin", "operator", "viewer", "sender", "runner"],
};

/** True when `held` may do what `needed` may. */
export function isAllowed(held: Role, needed: Role): boolean {
  return includes[held].includes(needed);
}
