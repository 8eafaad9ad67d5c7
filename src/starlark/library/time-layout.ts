/**
 * Go's time layouts: a layout is how the reference time, Mon Jan 2 15:04:05 MST 2006, would be
 * written. Formatting and parsing share the list of elements.
 */
import { EvaluationError } from "../errors.ts";
import { type CivilTime, dayOfYear, daysInMonth, secondsFromCivil, weekday } from "./calendar.ts";
import { fixedZone, instantOf, localTime, type TimeZone, utc } from "./time-zone.ts";

/** `2006-01-02T15:04:05Z07:00`, with a fraction of the second where there is one. */
export const RFC3339 = "2006-01-02T15:04:05Z07:00";

// Longer elements before those that begin like them; a one or two digit element may stand alone only.
const ELEMENTS =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|2006|002|__2|_2(?!006)|01|02|03|04|05|06|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

const pad = (value: number, size: number, filler = "0"): string => String(value).padStart(size, filler);

/** The text of an instant by a layout, as clocks in a zone show it. */
export function formatTime(nanoseconds: bigint, zone: TimeZone, layout: string): string {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanoseconds - fraction) / 1_000_000_000n);
  const time = localTime(seconds, zone);
  return layout.replace(ELEMENTS, (element) => formatElement(element, { seconds, time, zone, fraction }));
}

interface Moment {
  readonly seconds: number;
  readonly time: CivilTime;
  readonly zone: TimeZone;
  /** Nanoseconds within the second. */
  readonly fraction: bigint;
}

function formatElement(element: string, { seconds, time, zone, fraction }: Moment): string {
  const { year, month, day, hour, minute, second } = time;
  const offset = zone.offsetAt(seconds);
  switch (element) {
    case "2006":
      return year < 0 ? `-${pad(-year, 4)}` : pad(year, 4);
    case "06":
      return pad(((year % 100) + 100) % 100, 2);
    case "January":
      return MONTHS[month - 1] ?? "";
    case "Jan":
      return (MONTHS[month - 1] ?? "").slice(0, 3);
    case "01":
      return pad(month, 2);
    case "1":
      return String(month);
    case "Monday":
      return DAYS[weekday(seconds + offset)] ?? "";
    case "Mon":
      return (DAYS[weekday(seconds + offset)] ?? "").slice(0, 3);
    case "02":
      return pad(day, 2);
    case "_2":
      return pad(day, 2, " ");
    case "2":
      return String(day);
    case "002":
      return pad(dayOfYear(time), 3);
    case "__2":
      return pad(dayOfYear(time), 3, " ");
    case "15":
      return pad(hour, 2);
    case "03":
      return pad(hour % 12 || 12, 2);
    case "3":
      return String(hour % 12 || 12);
    case "04":
      return pad(minute, 2);
    case "4":
      return String(minute);
    case "05":
      return pad(second, 2);
    case "5":
      return String(second);
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
    case "MST":
      return zone.abbreviationAt(seconds);
  }
  if (element.startsWith(".") || element.startsWith(",")) return formatFraction(element, fraction);
  return formatOffset(element, offset);
}

function formatFraction(element: string, fraction: bigint): string {
  const digits = fraction
    .toString()
    .padStart(9, "0")
    .slice(0, element.length - 1);
  const shown = element[1] === "9" ? digits.replace(/0+$/, "") : digits.padEnd(element.length - 1, "0");
  return shown === "" ? "" : `${element[0]}${shown}`;
}

function formatOffset(element: string, offset: number): string {
  if (element.startsWith("Z") && offset === 0) return "Z";
  const magnitude = Math.abs(offset);
  const parts = [magnitude / 3600, (magnitude / 60) % 60, magnitude % 60].map((part) =>
    pad(Math.trunc(part), 2),
  );
  const wanted = element.replaceAll(":", "").length;
  const shown = parts.slice(0, wanted === 3 ? 1 : wanted === 5 ? 2 : 3);
  return (offset < 0 ? "-" : "+") + shown.join(element.includes(":") ? ":" : "");
}

export interface ParsedTime {
  /** Since the epoch. */
  readonly nanoseconds: bigint;
  readonly zone: TimeZone;
}

/** Reads a text written by a layout; a text without a zone is in `zone`. Throws in Go's words. */
export function parseTime(text: string, layout: string, zone: TimeZone): ParsedTime {
  return new LayoutParser(text, layout, zone).parse();
}

class LayoutParser {
  private readonly text: string;
  private readonly layout: string;
  private readonly defaultZone: TimeZone;
  private rest: string;
  private readonly time = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  private dayInYear: number | undefined;
  private isAfternoon: boolean | undefined;
  private fraction = 0n;
  private offset: number | undefined;
  private abbreviation = "";

  constructor(text: string, layout: string, zone: TimeZone) {
    this.text = text;
    this.layout = layout;
    this.defaultZone = zone;
    this.rest = text;
  }

  parse(): ParsedTime {
    let at = 0;
    for (const match of this.layout.matchAll(ELEMENTS)) {
      this.literal(this.layout.slice(at, match.index));
      at = match.index + match[0].length;
      this.element(match[0], this.layout.slice(at));
    }
    this.literal(this.layout.slice(at));
    if (this.rest !== "") throw this.error(`: extra text: ${JSON.stringify(this.rest)}`);
    return this.result();
  }

  private result(): ParsedTime {
    const { time } = this;
    if (this.isAfternoon !== undefined) time.hour = (time.hour % 12) + (this.isAfternoon ? 12 : 0);
    if (this.dayInYear !== undefined) {
      time.month = 1;
      time.day = this.dayInYear;
    } else if (time.day > daysInMonth(time.year, time.month)) throw this.error(": day out of range");
    const local = secondsFromCivil(time);
    const zone = this.zone();
    const seconds = this.offset === undefined ? instantOf(local, zone) : local - this.offset;
    return { nanoseconds: BigInt(seconds) * 1_000_000_000n + this.fraction, zone };
  }

  private zone(): TimeZone {
    if (this.offset !== undefined) return fixedZone(this.offset, this.abbreviation);
    if (this.abbreviation === "") return this.defaultZone;
    return this.abbreviation === "UTC" ? utc : fixedZone(0, this.abbreviation);
  }

  private literal(wanted: string): void {
    if (!this.rest.startsWith(wanted)) throw this.mismatch(wanted);
    this.rest = this.rest.slice(wanted.length);
  }

  /** Goes past what a pattern matches at the beginning of what is left. */
  private take(pattern: RegExp, element: string): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) throw this.mismatch(element);
    this.rest = this.rest.slice(found.length);
    return found;
  }

  private number(pattern: RegExp, element: string, least: number, most: number, what: string): number {
    const value = Number(this.take(pattern, element));
    if (value < least || value > most) throw this.error(`: ${what} out of range`);
    return value;
  }

  private element(element: string, following: string): void {
    const { time } = this;
    const digits = /^\d\d$/.test(element) ? /^\d\d/ : /^\d\d?/;
    switch (element) {
      case "2006":
        time.year = Number(this.take(/^\d{4}/, element));
        return;
      case "06": {
        const short = Number(this.take(/^\d\d/, element));
        time.year = short >= 69 ? 1900 + short : 2000 + short;
        return;
      }
      case "January":
      case "Jan":
        time.month = this.name(MONTHS, element) + 1;
        return;
      case "Monday":
      case "Mon":
        this.name(DAYS, element);
        return;
      case "01":
      case "1":
        time.month = this.number(digits, element, 1, 12, "month");
        return;
      case "02":
      case "2":
        time.day = this.number(digits, element, 1, 31, "day");
        return;
      case "_2":
        time.day = this.number(/^ ?\d\d?/, element, 1, 31, "day");
        return;
      case "002":
      case "__2":
        this.dayInYear = this.number(
          element === "002" ? /^\d{3}/ : /^ {0,2}\d{1,3}/,
          element,
          1,
          366,
          "day-of-year",
        );
        return;
      case "15":
        time.hour = this.number(/^\d\d/, element, 0, 23, "hour");
        return;
      case "03":
      case "3":
        time.hour = this.number(digits, element, 0, 12, "hour");
        return;
      case "04":
      case "4":
        time.minute = this.number(digits, element, 0, 59, "minute");
        return;
      case "05":
      case "5":
        time.second = this.number(digits, element, 0, 59, "second");
        // A fraction may follow the seconds even when the layout does not say so.
        if (!/^[.,][09]/.test(following) && /^[.,]\d/.test(this.rest)) this.readFraction(/^[.,]\d+/, element);
        return;
      case "PM":
      case "pm":
        this.isAfternoon = /^p/i.test(this.take(element === "PM" ? /^[AP]M/ : /^[ap]m/, element));
        return;
      case "MST":
        this.abbreviation = this.take(/^(?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?)/, element);
        return;
    }
    if (/^[.,]0/.test(element)) this.readFraction(new RegExp(`^[.,]\\d{${element.length - 1}}`), element);
    else if (/^[.,]9/.test(element)) {
      if (/^[.,]\d/.test(this.rest)) this.readFraction(/^[.,]\d+/, element);
    } else this.offset = this.readOffset(element);
  }

  private name(names: readonly string[], element: string): number {
    const isShort = element.length === 3;
    const lower = this.rest.toLowerCase();
    const index = names.findIndex((name) =>
      lower.startsWith((isShort ? name.slice(0, 3) : name).toLowerCase()),
    );
    const name = names[index];
    if (name === undefined) throw this.mismatch(element);
    this.rest = this.rest.slice(isShort ? 3 : name.length);
    return index;
  }

  private readFraction(pattern: RegExp, element: string): void {
    const digits = this.take(pattern, element).slice(1, 10);
    this.fraction = BigInt(digits.padEnd(9, "0"));
  }

  private readOffset(element: string): number {
    if (element.startsWith("Z") && this.rest.startsWith("Z")) {
      this.rest = this.rest.slice(1);
      return 0;
    }
    const separator = element.includes(":") ? ":" : "";
    const count = element.replaceAll(":", "").length;
    const parts = count === 3 ? 1 : count === 5 ? 2 : 3;
    const text = this.take(new RegExp(`^[+-]\\d\\d(?:${separator}\\d\\d){${parts - 1}}`), element);
    const [hours = 0, minutes = 0, seconds = 0] = (
      text.slice(1).replaceAll(":", "").match(/\d\d/g) ?? []
    ).map(Number);
    if (hours > 24 || minutes > 60 || seconds > 60) throw this.error(": time zone offset out of range");
    return (text.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  }

  private mismatch(element: string): EvaluationError {
    return this.error(
      ` as ${JSON.stringify(this.layout)}: cannot parse ${JSON.stringify(this.rest)} as ${JSON.stringify(element)}`,
    );
  }

  private error(problem: string): EvaluationError {
    return new EvaluationError(`parsing time ${JSON.stringify(this.text)}${problem}`);
  }
}
