// What every actor does when its alarm fires. Never throws: the platform drops an alarm for good after six
// failed attempts, so failures are kept in the rows and the alarm is armed again.
import type { Alarm } from "./alarm.ts";
import type { Outbox } from "./outbox.ts";
import { atMost } from "./patience.ts";
import type { Timer, Timers } from "./timers.ts";

const RETRY_AFTER_MS = 5000;
/**
 * The platform fires no second alarm while this one runs, so a slow receiver must not hold it up, least of all a timer.
 */
const FLUSH_PATIENCE_MS = 50;

/**
 * Fires what is due, delivers what waits, and arms the alarm at what comes next. `onTimer` runs once for each
 * due timer, earliest first; when it throws, its timer is kept and comes back later.
 */
export async function handleAlarm(actor: {
  alarm: Alarm;
  timers: Timers;
  outbox: Outbox;
  now: () => number;
  onTimer: (timer: Timer) => void | Promise<void>;
}): Promise<void> {
  actor.alarm.fired();
  // Armed before the work: a handler that is cut off by an eviction must be run again.
  actor.alarm.settle(actor.now() + RETRY_AFTER_MS);
  try {
    await actor.timers.fireDue(actor.now(), actor.onTimer);
    const untilNext = (actor.timers.nextDueAt() ?? Number.POSITIVE_INFINITY) - actor.now();
    await atMost(Math.max(0, Math.min(FLUSH_PATIENCE_MS, untilNext)), actor.outbox.flushDue());
    const due = [actor.timers.nextDueAt(), actor.outbox.settle()].filter((at) => at !== undefined);
    actor.alarm.settle(due.length > 0 ? Math.min(...due) : undefined);
  } catch (error) {
    console.error({ message: "alarm handler failed, will run again", error: String(error) });
  }
}
