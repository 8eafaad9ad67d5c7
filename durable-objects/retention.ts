// How long things are kept. A finished run keeps its object's storage until it is archived and some days have passed, or
// longer where there is no archive; events stay in the bus.

const DAY_MS = 24 * 3600_000;
/** What the lists of the directory keep, so that a run that is listed can be opened. */
const DEFAULT_DAYS = 400;
const DEFAULT_ARCHIVED_DAYS = 30;
/** Runs may look back this far, so events are kept for no less. */
const MIN_EVENT_DAYS = 30;
/** A message is tried again for about an hour and a start is known by its age: a day is far from both. */
const MIN_DAYS = 1;
const MAX_DAYS = 36_500;

/** How long a run that was brought back from the archive to be looked at stays. */
export const LOOKED_AT_MS = DAY_MS;
/** When a run that could not go yet is looked at again. */
export const LOOK_AGAIN_MS = DAY_MS;

type RunVariables = Pick<Env, "ARCHIVE" | "SLUICE_RUN_RETENTION_DAYS" | "SLUICE_ARCHIVE_AFTER_DAYS">;
type EventVariables = Pick<Env, "SLUICE_EVENT_RETENTION_DAYS">;

function days(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= MIN_DAYS && value <= MAX_DAYS) return value;
  throw new RangeError(
    `${name} is ${JSON.stringify(text)}: give whole days, from ${MIN_DAYS} to ${MAX_DAYS}`,
  );
}

/**
 * Milliseconds from the end of a run to the end of its storage. Throws RangeError for a variable that is no number of
 * days: a typing error must not delete anything.
 */
export function retentionMs(env: RunVariables): number {
  const kept = env.ARCHIVE
    ? days("SLUICE_ARCHIVE_AFTER_DAYS", env.SLUICE_ARCHIVE_AFTER_DAYS, DEFAULT_ARCHIVED_DAYS)
    : days("SLUICE_RUN_RETENTION_DAYS", env.SLUICE_RUN_RETENTION_DAYS, DEFAULT_DAYS);
  return kept * DAY_MS;
}

/** Milliseconds from the arrival of an event to its removal. Throws RangeError as `retentionMs` does. */
export function eventRetentionMs({ SLUICE_EVENT_RETENTION_DAYS: text }: EventVariables): number {
  return Math.max(days("SLUICE_EVENT_RETENTION_DAYS", text, MIN_EVENT_DAYS), MIN_EVENT_DAYS) * DAY_MS;
}
