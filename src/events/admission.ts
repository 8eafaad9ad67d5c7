// What a sender may not claim. Event types under `dev.sluice.` are Sluice's own word, so a workflow can trust them (but
// reports of health, which are everybody's, and have to be readable); sources under `/workspaces/` are its runs,
// schedules and environments, whose ids can be guessed: an event that came with one of them first would be taken for
// theirs, and theirs for its repetition; and an emergency bypass of change freezes is for operators.
import { isAllowed } from "../auth/roles.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import type { Role } from "../protocol/token.ts";
import { isHealthReport, readHealthReport } from "./health-report.ts";
import { BYPASS_ATTRIBUTE } from "./hops.ts";

const OWN_TYPES = "dev.sluice.";
const OWN_SOURCES = "/workspaces/";

function reserved(attribute: "type" | "source", event: CloudEvent, prefix: string): Result<never> {
  const message = `only Sluice itself sends the ${attribute} ${event[attribute]}: choose one of your own`;
  return refuse("invalid_event", message, {
    errors: [{ pointer: `/${attribute}`, message: `must not begin with ${prefix}` }],
  });
}

function admit(event: CloudEvent, role: Role | null, now: number): Result<CloudEvent> {
  if (event.source.startsWith(OWN_SOURCES)) return reserved("source", event, OWN_SOURCES);
  if (isHealthReport(event)) {
    const report = readHealthReport(event, now);
    if (!report.ok) return report;
  } else if (event.type.startsWith(OWN_TYPES)) {
    return reserved("type", event, OWN_TYPES);
  }
  const { [BYPASS_ATTRIBUTE]: bypass, ...plain } = event;
  // In binary mode attributes travel in headers, as text.
  if (bypass !== true && bypass !== "true") return ok(plain as CloudEvent);
  // Dropping it in silence would leave somebody waiting in an emergency.
  if (role === null || !isAllowed(role, "operator")) {
    return refuse(
      "forbidden",
      `The event ${event.id} asks for an emergency bypass (${BYPASS_ATTRIBUTE}); that needs the role operator.`,
    );
  }
  return ok({ ...plain, [BYPASS_ATTRIBUTE]: true } as CloudEvent);
}

/**
 * The events as they may enter from outside, all of them or none; `role` is their sender's, null for a signed
 * webhook's. Refuses `invalid_event` for a type or a source of ours and for a report that says nothing, and `forbidden`
 * for a bypass that is not the sender's to give. A bypass comes out as true or not at all.
 */
export function admitAll(
  events: readonly CloudEvent[],
  role: Role | null,
  now: number,
): Result<CloudEvent[]> {
  const admitted: CloudEvent[] = [];
  for (const event of events) {
    const one = admit(event, role, now);
    if (!one.ok) return one;
    admitted.push(one.value);
  }
  return ok(admitted);
}
