// The event that a schedule's firing is: a trigger on it is a trigger like any other.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { Schedule } from "../protocol/flow-control.ts";

export const SCHEDULE_FIRED = "dev.sluice.schedule.fired";

/** `manual` names a firing by hand; without it, (schedule, time) is the identity: a time fires once. */
export interface Firing {
  /** The trigger's id. */
  schedule: string;
  /** The time it fires for, ms since the epoch; for a firing by hand, that of the request. */
  time: number;
  firedAt: number;
  /** It was missed, and is made up for. */
  isLate?: boolean;
  manual?: string;
}

export function scheduleEvent(
  workspace: string,
  when: Pick<Schedule, "cron" | "everyMs" | "timezone">,
  firing: Firing,
): CloudEvent {
  const time = new Date(firing.time).toISOString();
  const { schedule, manual } = firing;
  return {
    specversion: "1.0",
    id: manual === undefined ? `${schedule}/${time}` : `${schedule}/manual/${manual}`,
    source: `/workspaces/${workspace}/schedules`,
    type: SCHEDULE_FIRED,
    subject: schedule,
    time,
    datacontenttype: "application/json",
    data: {
      schedule,
      scheduled_at: time,
      fired_at: new Date(firing.firedAt).toISOString(),
      ...(when.cron === undefined ? { every_seconds: (when.everyMs ?? 0) / 1000 } : { cron: when.cron }),
      timezone: when.timezone,
      backfill: firing.isLate === true,
      manual: manual !== undefined,
    },
  };
}
