import { SCHEDULE_FIRED } from "../../events/schedule-event.ts";
import { timetableProblem } from "../../events/timetable.ts";
import type { Concurrency, Schedule } from "../../protocol/flow-control.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { durationArgument } from "../w/duration.ts";
import { declare, timeLimit } from "./declaration.ts";
import { flowControl } from "./flow-rules.ts";

/** What a firing does when the run before it goes on still: the concurrency of a group of its own. */
const overlaps: ReadonlyMap<string, Concurrency | undefined> = new Map([
  ["allow", undefined],
  ["skip", { mode: "skip", limit: 1 }],
  ["queue", { mode: "queue", limit: 1 }],
  ["cancel", { mode: "cancel_running", limit: 1 }],
]);
const backfills = ["none", "latest", "all"] as const;

function invalid(message: string): StarlarkError {
  return new StarlarkError(`on_schedule: ${message}`, { code: "InvalidSchedule" });
}

function quoted(options: Iterable<string>): string {
  return [...options].map((option) => `"${option}"`).join(", ");
}

/**
 * `on_schedule(cron=, handler=)`: runs `handler(w, event)` whenever the clock in `timezone` fits `cron`, or at every
 * multiple of `every`.
 */
export const onSchedule: Builtin = defineBuiltin(
  "on_schedule",
  "cron??: string, *, handler: callable, every??, timezone??: string, name??: string, overlap??: string, jitter??, backfill??: string, concurrency??, priority??: index, timeout??",
  (
    ctx: CallContext,
    cron: string | undefined,
    handler: Value,
    every: Value | undefined,
    timezone: string | undefined,
    name: string | undefined,
    overlap: string | undefined,
    jitter: Value | undefined,
    ...[backfill, concurrency, priority, timeout]: [string?, Value?, number?, Value?]
  ) => {
    const schedule: Schedule = {
      ...(cron !== undefined && { cron }),
      ...(every !== undefined && { everyMs: durationArgument("on_schedule", "every", every) }),
      timezone: timezone ?? "UTC",
      jitterMs: jitter === undefined ? 0 : durationArgument("on_schedule", "jitter", jitter),
      backfill: backfillOf(backfill ?? "latest"),
    };
    const problem = timetableProblem(schedule);
    if (problem !== undefined) throw invalid(problem);
    const flow = flowControl("on_schedule", { concurrency, priority });
    if (overlap !== undefined && flow.concurrency) {
      throw invalid("overlap= is a short form of concurrency=: choose one");
    }
    const own = flow.concurrency ?? overlapOf(overlap ?? "skip");
    return declare(ctx, "on_schedule", {
      type: SCHEDULE_FIRED,
      handler,
      filter: undefined,
      match: undefined,
      name,
      schedule,
      flow: { ...flow, ...(own && { concurrency: own }) },
      timeoutMs: timeLimit("on_schedule", timeout),
    });
  },
);

function backfillOf(text: string): Schedule["backfill"] {
  const known = backfills.find((option) => option === text);
  if (known === undefined) throw invalid(`backfill must be one of ${quoted(backfills)}, got "${text}"`);
  return known;
}

function overlapOf(text: string): Concurrency | undefined {
  if (!overlaps.has(text)) {
    throw invalid(`overlap must be one of ${quoted(overlaps.keys())}, got "${text}"`);
  }
  return overlaps.get(text);
}
