// What every actor does when its alarm fires. Never throws: the platform drops an alarm for good after six
// failed attempts, so failures are kept in the rows and the alarm is armed again.
import type { Alarm } from "./alarm.ts";
import type { Outbox } from "./outbox.ts";
import type { Timer, Timers } from "./timers.ts";

const RETRY_AFTER_MS = 5000;

export async function handleAlarm(actor: {
  alarm: Alarm;
  timers: Timers;
  outbox: Outbox;
  now: () => number;
  onTimer: (timer: Timer) => void | Promise<void>;
}): Promise<void> {
  actor.alarm.fired();
  // Armed before the work: a handler that is cut off by an eviction must be run again.
  actor.alarm.arm(actor.now() + RETRY_AFTER_MS);
  try {
    await actor.timers.fireDue(actor.now(), actor.onTimer);
    await actor.outbox.flush();
  } catch (error) {
    console.error({ message: "alarm handler failed, will run again", error: String(error) });
    return;
  }
  const due = [actor.timers.nextDueAt(), actor.outbox.nextDueAt()].filter((at) => at !== undefined);
  actor.alarm.settle(due.length > 0 ? Math.min(...due) : undefined);
}
