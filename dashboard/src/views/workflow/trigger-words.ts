// A trigger in words: what it is for, and at what pace its runs start.
import type { Trigger } from "../../api/client.ts";
import { span } from "../../parts/span.ts";

/** The type of the event by which a workflow is started by its name (`on_start`). */
const WORKFLOW_START = "dev.sluice.workflow.start";

export function isByName({ type }: Pick<Trigger, "type">): boolean {
  return type === WORKFLOW_START;
}

type Rules = Omit<Trigger, "id" | "handler" | "workflow" | "failures">;

const modes: Record<NonNullable<Rules["concurrency"]>["mode"], string> = {
  queue: "more wait, the oldest goes first",
  newest_first: "more wait, the newest goes first",
  newest: "of those that wait only the newest goes on",
  cancel_queued: "a new one takes the place of those that wait",
  cancel_running: "a new one cancels those that wait or run",
  skip: "more are dropped",
};

const per = (key: string | undefined) => (key === undefined ? "" : ` for each ${key}`);

/** What it is for: a sentence, then one for each condition. */
export function occasion({ type, filter, match, schedule, inputs }: Rules): string[] {
  if (schedule) {
    const { cron, everyMs = 0, timezone, jitterMs, backfill } = schedule;
    return [
      cron === undefined ? `Every ${span(everyMs)}` : `At the times of cron ${cron}, ${timezone}`,
      ...(jitterMs > 0 ? [`put off by up to ${span(jitterMs)}`] : []),
      ...(backfill === "none" ? [] : [`makes up for ${backfill === "all" ? "all" : "the latest"} missed`]),
    ];
  }
  if (isByName({ type })) {
    const given = inputs?.map(({ name }) => name).join(", ");
    return ["Somebody, or another run, starts it by its name", ...(given ? [`with ${given}`] : [])];
  }
  return [
    type.endsWith("*")
      ? `An event of a type that begins with ${type.slice(0, -1)}`
      : `An event of type ${type}`,
    ...Object.entries(match ?? {}).map(([path, value]) => `whose ${path} is ${JSON.stringify(value)}`),
    ...(filter === undefined ? [] : [`where ${filter}`]),
  ];
}

/** At what pace its runs start and how long they may take; nothing when each starts at once and takes any time. */
export function pace({ concurrency, rateLimit, debounce, batch, priority, timeoutMs }: Rules): string[] {
  return [
    ...(concurrency
      ? [
          `At most ${concurrency.limit} at a time${per(concurrency.key)}` +
            `${concurrency.group === undefined ? "" : ` in the group ${concurrency.group}`}: ${modes[concurrency.mode]}`,
        ]
      : []),
    ...(rateLimit
      ? [
          `At most ${rateLimit.count} in ${span(rateLimit.perMs)}${per(rateLimit.key)}: ` +
            `more ${rateLimit.over === "wait" ? "wait" : "are dropped"}`,
        ]
      : []),
    ...(debounce
      ? [
          `Waits until nothing has come for ${span(debounce.quietMs)}${per(debounce.key)}` +
            `${debounce.maxWaitMs === undefined ? "" : `, at most ${span(debounce.maxWaitMs)}`}`,
        ]
      : []),
    ...(batch
      ? [
          `Gathers up to ${batch.max} events, or those of ${span(batch.withinMs)}${per(batch.key)}, into one run`,
        ]
      : []),
    ...(priority ? [`Priority ${priority}`] : []),
    ...(timeoutMs === undefined ? [] : [`Stopped when it is not over after ${span(timeoutMs)}`]),
  ];
}
