// The one way events come in from outside, whatever route they took.
import { busStub, DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import { isAllowed } from "../auth/roles.ts";
import { admitAll } from "../events/admission.ts";
import { isHealthReport } from "../events/health-report.ts";
import type { CloudEvent, EventReceipt } from "../protocol/cloud-event.ts";
import type { Role } from "../protocol/token.ts";
import { ProblemException, unwrap } from "./problem.ts";

/** Refuses `unknown_environment`: a report of one that there is not would be stored, and nothing would come of it. */
async function checkEnvironments(env: Env, reports: readonly CloudEvent[]): Promise<void> {
  if (reports.length === 0) return;
  const named = reports.map(({ data }) => (data as { environment: string }).environment);
  const [unknown] = await directoryStub(env, DEFAULT_WORKSPACE).unknownEnvironments([...new Set(named)]);
  if (unknown !== undefined) {
    throw new ProblemException(
      "unknown_environment",
      `There is no environment ${unknown}, so it has no health.`,
    );
  }
}

/**
 * Hands events to the bus, all of them or none. Throws what `admitAll` refuses: a type or source that is Sluice's own,
 * an emergency bypass whose sender is no operator, a report of health that cannot be read; and
 * `unknown_environment`. `role` is null for signed webhooks.
 */
export async function acceptEvents(
  env: Env,
  events: CloudEvent[],
  initiator: string,
  role: Role | null,
): Promise<EventReceipt[]> {
  const admitted = unwrap(admitAll(events, role, Date.now()));
  await checkEnvironments(env, admitted.filter(isHealthReport));
  const receipts = await busStub(env, DEFAULT_WORKSPACE).ingest(admitted, initiator);
  return role !== null && isAllowed(role, "viewer") ? receipts : receipts.map(forSender);
}

/**
 * What the event did, without what it would have had to be to do more: whoever only sends could else read the conditions
 * of triggers and of waiting runs off the answer, and send what fulfils them.
 */
function forSender({ notWoken, unmatched, skipped, ...receipt }: EventReceipt): EventReceipt {
  return receipt;
}
