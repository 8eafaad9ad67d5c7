// Why an event was not for a trigger or a wait, in words that are stored with it and answered to its sender.

const MAX_REASON_LENGTH = 300;

/** A reason may quote a value of the event, a filter, or a path. */
export function bounded(reason: string): string {
  return reason.length > MAX_REASON_LENGTH ? `${reason.slice(0, MAX_REASON_LENGTH)}…` : reason;
}
