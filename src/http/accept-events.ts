// The one way events come in from outside, whatever route they took.
import { busStub, DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import { admitAll } from "../events/admission.ts";
import type { CloudEvent, EventReceipt } from "../protocol/cloud-event.ts";
import type { Role } from "../protocol/token.ts";
import { unwrap } from "./problem.ts";

/**
 * Hands events to the bus, all of them or none. Throws what `admitAll` refuses: a type that is Sluice's own, an
 * emergency bypass whose sender is no operator. `role` is null for signed webhooks.
 */
export async function acceptEvents(
  env: Env,
  events: CloudEvent[],
  initiator: string,
  role: Role | null,
): Promise<EventReceipt[]> {
  const admitted = unwrap(admitAll(events, role));
  return await busStub(env, DEFAULT_WORKSPACE).ingest(admitted, initiator);
}
