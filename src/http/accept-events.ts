// The one way events come in from outside, whatever route they took.
import { busStub, DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import { isAllowed } from "../auth/roles.ts";
import type { CloudEvent, EventReceipt } from "../protocol/cloud-event.ts";
import type { Role } from "../protocol/token.ts";
import { ProblemException } from "./problem.ts";

/** The extension attribute that lifts freezes for the runs an event starts. */
const BYPASS_ATTRIBUTE = "sluicebypass";

/**
 * Hands events to the bus. Throws `forbidden` when one asks for an emergency bypass and its sender is no operator:
 * dropping the attribute silently would leave them waiting in an emergency. `role` is null for signed webhooks.
 */
export async function acceptEvents(
  env: Env,
  events: CloudEvent[],
  initiator: string,
  role: Role | null,
): Promise<EventReceipt[]> {
  const mayBypass = role !== null && isAllowed(role, "operator");
  const bypassing = events.find((event) => event[BYPASS_ATTRIBUTE] !== undefined);
  if (bypassing && !mayBypass) {
    throw new ProblemException(
      "forbidden",
      `The event ${bypassing.id} asks for an emergency bypass (${BYPASS_ATTRIBUTE}); that needs the role operator.`,
    );
  }
  return await busStub(env, DEFAULT_WORKSPACE).ingest(events, initiator);
}
