// The times of a schedule: which come next, and which have passed. Everything in ms since the epoch, whole seconds.
//
// Where clocks are changed, cron's own rule holds (Vixie cron, OCPS 1.4): a pattern of one hour and one minute fires
// at the end of the gap that swallows its time, and once in the hour that happens twice; any other pattern fires
// whenever the clock on the wall fits.
import { Cron } from "croner";
import type { Schedule } from "../protocol/flow-control.ts";

/** The shortest interval, and what all times are multiples of. */
const SECOND_MS = 1000;
const MAX_INTERVAL_MS = 366 * 24 * 3600_000;
const MAX_CRON_LENGTH = 200;
const MAX_COMPILED = 500;

const compiled = new Map<string, Cron>();

function cronOf(pattern: string, timezone: string): Cron {
  const key = `${timezone} ${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const cron = new Cron(pattern, { timezone, mode: "5-or-6-parts" });
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, cron);
  return cron;
}

type When = Pick<Schedule, "cron" | "everyMs" | "timezone">;

/** The first time after `after`; undefined when there is none any more (30 February). */
export function nextTime(when: When, after: number): number | undefined {
  if (when.everyMs !== undefined) return (Math.floor(after / when.everyMs) + 1) * when.everyMs;
  // Down to the second before: the library looks for the first second that is later than the one it is given.
  const from = new Date(Math.floor(after / SECOND_MS) * SECOND_MS);
  return cronOf(when.cron ?? "", when.timezone)
    .nextRun(from)
    ?.getTime();
}

/** The first `count` times after `after`. */
export function nextTimes(when: When, after: number, count: number): number[] {
  const times: number[] = [];
  for (let at = nextTime(when, after); at !== undefined; at = nextTime(when, at)) {
    if (times.push(at) >= count) break;
  }
  return times;
}

/** The last times at or after `from` and not after `to`, at most `count`, oldest first. */
export function lastTimes(when: When, { from, to }: { from: number; to: number }, count: number): number[] {
  const times: number[] = [];
  if (when.everyMs !== undefined) {
    let at = Math.floor(to / when.everyMs) * when.everyMs;
    for (; at >= from && times.length < count; at -= when.everyMs) times.push(at);
    return times.reverse();
  }
  const cron = cronOf(when.cron ?? "", when.timezone);
  // The library gives times before a second: ask for those before the one that follows `to`.
  let before = new Date((Math.floor(to / SECOND_MS) + 1) * SECOND_MS);
  // It looks for as many as it is asked for, years back where they are rare: few at first, and more while they go on.
  for (let asked = 1; times.length < count; asked *= 2) {
    const size = Math.min(asked, count - times.length);
    const earlier = cron.previousRuns(size, before);
    const inside = earlier.filter((time) => time.getTime() >= from);
    times.push(...inside.map((time) => time.getTime()));
    const last = inside.at(-1);
    if (last === undefined || inside.length < size) break;
    before = last;
  }
  return times.reverse();
}

/** What is wrong with a schedule's times, in a sentence; undefined when nothing is. */
export function timetableProblem({ cron, everyMs, timezone }: When): string | undefined {
  if ((cron === undefined) === (everyMs === undefined)) {
    return "a schedule has either cron= or every=, and not both";
  }
  if (everyMs !== undefined) {
    const isWhole = everyMs % SECOND_MS === 0 && everyMs >= SECOND_MS && everyMs <= MAX_INTERVAL_MS;
    return isWhole ? undefined : "every= is a whole number of seconds, from one second to 366 days";
  }
  if (!isTimezone(timezone)) {
    return `"${timezone.slice(0, 60)}" is no time zone: use a name such as "UTC" or "Europe/Berlin"`;
  }
  return cronProblem(cron ?? "", timezone);
}

function cronProblem(pattern: string, timezone: string): string | undefined {
  if (pattern.length > MAX_CRON_LENGTH) return `a cron expression has at most ${MAX_CRON_LENGTH} characters`;
  // What the library also takes, a date, would be a schedule of one time.
  if (!/^@[a-z]+$|^\S+(\s+\S+){4,5}$/.test(pattern.trim())) {
    return `"${pattern}" is no cron expression: five fields (minute hour day month weekday), or six with seconds in front`;
  }
  try {
    const next = cronOf(pattern, timezone).nextRun(new Date(Date.UTC(2024, 0, 1)));
    return next === null ? `"${pattern}" never comes: there is no such day` : undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return `"${pattern}" is no cron expression: ${message}`;
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Offsets such as "+02:00" are taken by Intl, but know no daylight saving: they are hardly what was meant.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
