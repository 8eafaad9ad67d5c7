// The newest report of each app's health, whatever the order in which reports arrive.
import type { HealthReport } from "../events/health-report.ts";
import type { Health, HealthChange } from "../protocol/health.ts";

/** Apps whose health an environment keeps; beyond that the one seen longest ago is left out. */
const MAX_APPS = 500;
const MAX_MESSAGE_LENGTH = 500;
/** Of the list as JSON: it shares a row with all else about the environment, which must still be changeable. */
const MAX_LENGTH = 350_000;

export interface HealthNews {
  health: Health[];
  /** What the status has become; undefined when it is what it was. */
  change?: HealthChange;
  /** Something that people read has changed, not only when it was seen last. */
  isNotable: boolean;
}

/**
 * The list, newest first, with a report taken in; undefined when it says nothing new: it, or a later one, is known. Of
 * two for one instant the one that arrived later (`seq`) holds.
 */
export function withHealth(
  known: readonly Health[],
  report: HealthReport,
  seq: number,
): HealthNews | undefined {
  const { app, status, revision, observedAt, source } = report;
  const before = known.find((one) => one.app === app);
  if (before && (before.observedAt - observedAt || before.seq - seq) >= 0) return undefined;
  const message = report.message === undefined ? undefined : cut(report.message);
  const isChange = before?.status !== status;
  const now: Health = {
    app,
    status,
    ...(message !== undefined && { message }),
    ...(revision !== undefined && { revision }),
    since: isChange ? observedAt : before.since,
    observedAt,
    staleAt: observedAt + report.staleAfterMs,
    source,
    seq,
  };
  const health = [now, ...known.filter((one) => one.app !== app)]
    .sort((a, b) => b.observedAt - a.observedAt || b.seq - a.seq)
    .slice(0, MAX_APPS);
  let length = JSON.stringify(health).length;
  while (length > MAX_LENGTH && health.length > 1) length -= JSON.stringify(health.pop()).length + 1;
  const { observedAt: _, staleAt: __, ...change } = now;
  return {
    health,
    ...(isChange && { change }),
    isNotable: isChange || before.message !== message || before.revision !== revision,
  };
}

function cut(text: string): string {
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH - 1).toWellFormed()}…` : text;
}
