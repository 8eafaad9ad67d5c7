// What commands print: tables and words for people, JSON for programs (`--json`), messages beside both.
import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";

export interface Output {
  readonly json: boolean;
  /** The command's result: `value` as one JSON document, or `text` for people. On standard output. */
  result(value: unknown, text: () => string): void;
  /** One of several results, of what goes on: as `result`, but on one line as JSON. */
  line(value: unknown, text: () => string): void;
  /** Progress and advice for people, so nothing with `json`. On standard error, so that it never mixes with a result. */
  note(text: string): void;
}

export function createOutput(options: { json: boolean }): Output {
  return {
    json: options.json,
    result(value, text) {
      process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : text()}\n`);
    },
    line(value, text) {
      process.stdout.write(`${options.json ? JSON.stringify(value) : text()}\n`);
    },
    note(text) {
      if (!options.json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Text from outside, made harmless to a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");
}

export function visibleWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleWidth(text)));
}

/** Columns as wide as their widest cell; the header dimmed. */
export function table(headers: string[], rows: string[][], empty: string): string {
  if (rows.length === 0) return empty;
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => visibleWidth(row[column] ?? ""))),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [pc.dim(line(headers)), ...rows.map(line)].join("\n");
}

/** `12 s`, `4 min`, `3 h`, `2 d` before `now`. */
export function ago(at: number, now: number): string {
  return `${duration(Math.max(0, now - at))} ago`;
}

/** A time as clocks in a zone show it: `2026-10-25 02:30:00 GMT+01:00`, which tells the hour that comes twice apart. */
export function timeIn(timezone: string, at: number): string {
  // Sweden writes dates as ISO 8601 does.
  const clock = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  const offset = new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName");
  return `${clock.format(at)} ${offset?.value ?? timezone}`;
}

/** Milliseconds in the two largest units people use: `850 ms`, `3.2 s`, `29 min 3 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return two(minutes, "min", seconds % 60, "s");
  if (hours < 48) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}
