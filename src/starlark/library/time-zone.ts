/** Time zones: how far local time is ahead of UTC, and what that is called. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { civilFromSeconds, secondsFromCivil } from "./calendar.ts";

export interface TimeZone {
  /** `UTC`, an IANA name, or the empty string for a zone that is only an offset. */
  readonly name: string;
  /** At an instant, in seconds since the epoch: how many seconds local time is ahead of UTC. */
  readonly offsetAt: (seconds: number) => number;
  /** At an instant: the usual abbreviation, such as `CET`; the offset where there is none. */
  readonly abbreviationAt: (seconds: number) => string;
  /** What it costs to ask once. */
  readonly steps: number;
}

/** To ask the platform about a time zone takes some 20 microseconds. */
const ZONE_STEPS = 2000;

export const utc: TimeZone = { name: "UTC", steps: 0, offsetAt: () => 0, abbreviationAt: () => "UTC" };

/** A zone that is always so many seconds ahead of UTC. */
export function fixedZone(offset: number, abbreviation = ""): TimeZone {
  if (offset === 0 && abbreviation === "") return utc;
  return {
    name: "",
    steps: 0,
    offsetAt: () => offset,
    abbreviationAt: () => (abbreviation === "" ? offsetText(offset) : abbreviation),
  };
}

/** `+0530`. */
function offsetText(offset: number): string {
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const text = String(Math.trunc(minutes / 60) * 100 + (minutes % 60)).padStart(4, "0");
  return `${offset < 0 ? "-" : "+"}${text}`;
}

const zones = new Map<string, TimeZone>();
/** A hostile program could name many zones; there are some 600. */
const MAX_ZONES = 1000;

/** The zone of an IANA name; undefined when there is none. Charges for looking. */
export function findZone(name: string, budget: Budget): TimeZone | undefined {
  if (name === "" || name === "UTC") return utc;
  budget.charge(ZONE_STEPS, 0);
  const known = zones.get(name);
  if (known !== undefined) return known;
  // Offsets and folded case, which Intl takes, are no names of the database.
  if (name.length > 64 || !/^[A-Z][\w+/-]*$/.test(name)) return undefined;
  try {
    const zone = intlZone(name);
    if (zones.size < MAX_ZONES) zones.set(name, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** As `findZone`; throws for a name that is not known. */
export function requireZone(name: string, caller: string, budget: Budget): TimeZone {
  const zone = findZone(name, budget);
  if (zone === undefined) throw new EvaluationError(`${caller}: unknown time zone ${name.slice(0, 100)}`);
  return zone;
}

function intlZone(name: string): TimeZone {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const names = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "short" });
  const offsetAt = (seconds: number): number => localSeconds(parts, seconds) - seconds;
  const abbreviationAt = (seconds: number): string => {
    const text = partsOf(names, seconds).get("timeZoneName") ?? "";
    return /^[A-Z]{2,5}$/.test(text) ? text : offsetText(offsetAt(seconds));
  };
  return { name, steps: ZONE_STEPS, offsetAt, abbreviationAt };
}

function partsOf(format: Intl.DateTimeFormat, seconds: number): Map<string, string> {
  return new Map(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
}

function localSeconds(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = partsOf(format, seconds);
  const number = (name: string): number => Number(parts.get(name));
  const isBeforeChrist = parts.get("era") === "BC";
  return secondsFromCivil({
    year: isBeforeChrist ? 1 - number("year") : number("year"),
    month: number("month"),
    day: number("day"),
    hour: number("hour"),
    minute: number("minute"),
    second: number("second"),
  });
}

/**
 * The instant at which clocks in a zone show a time, given as if it were UTC. A time that clocks skip
 * is read with the offset before the change, one that they show twice means the first.
 */
export function instantOf(localAsUtc: number, zone: TimeZone): number {
  const before = localAsUtc - zone.offsetAt(localAsUtc - 86_400);
  if (before + zone.offsetAt(before) === localAsUtc) return before;
  const after = localAsUtc - zone.offsetAt(localAsUtc + 86_400);
  return after + zone.offsetAt(after) === localAsUtc ? after : before;
}

/** What the clocks in a zone show. */
export function localTime(seconds: number, zone: TimeZone): ReturnType<typeof civilFromSeconds> {
  return civilFromSeconds(seconds + zone.offsetAt(seconds));
}
