// What every command gets: the client, the output, and its options.
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { JsonValue } from "../src/protocol/json.ts";
import { type Client, createClient } from "./client.ts";
import { findConnection } from "./connection.ts";
import { usageError } from "./errors.ts";
import { createOutput, type Output } from "./output.ts";

export interface GlobalOptions {
  url?: string;
  token?: string;
  json?: boolean;
}

export interface Context {
  client: Client;
  out: Output;
}

/** Where a command that is running prints. For one that asks no server, this is all. */
export function outputOf(command: Command): Output {
  return createOutput({ json: command.optsWithGlobals<GlobalOptions>().json ?? false });
}

/** The context of a command that is running: its global options may stand before or after its name. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  return {
    client: createClient(findConnection(options, process.env, process.cwd())),
    out: outputOf(command),
  };
}

/** Collects a repeatable `name=value` option into an object. */
export function collectPair(text: string, pairs: Record<string, string> = {}): Record<string, string> {
  const [name, value] = splitPair(text);
  return { ...pairs, [name]: value };
}

export function splitPair(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError(`"${text}" is not name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

export function collect(text: string, list: string[] = []): string[] {
  return [...list, text];
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError(`"${text}" is not a whole number above 0`);
  return count;
}

const units: Record<string, number> = { m: 60_000, h: 3600_000, d: 24 * 3600_000 };

/** What `parseInstant` takes, for the help of an option. */
export const INSTANT_FORMS =
  "2026-11-21T13:00Z (this machine's zone where it names none; a date alone is UTC), or how long ago: 90m, 12h, 7d";

const isoDateTime = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** An option that is a time: ISO 8601, or `90m`, `12h`, `7d` ago. */
export function parseInstant(text: string): string {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = count === undefined ? momentOf(text) : Date.now() - Number(count) * (units[unit] ?? Number.NaN);
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      `"${text}" is neither a time such as 2026-11-21T13:00Z nor how long ago: 90m, 12h or 7d`,
    );
  }
  return new Date(at).toISOString();
}

/** Ms since the epoch, or NaN: `Date.parse` alone takes `5` for a day in 2001, and February 30th for March 2nd. */
function momentOf(text: string): number {
  const [, date = ""] = isoDateTime.exec(text) ?? [];
  const day = Date.parse(date);
  const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date);
  return exists ? Date.parse(text) : Number.NaN;
}

/** An option that is JSON: the text itself, `@FILE`, or `-` for standard input. */
export function parseJson(text: string): JsonValue {
  const json = text === "-" || text.startsWith("@") ? readText(text.replace(/^@/, "")) : text;
  try {
    return JSON.parse(json) as JsonValue;
  } catch (error) {
    throw usageError(`this is not JSON: ${(error as Error).message}`);
  }
}

/** The text of a file, or of standard input where it is named `-`. */
export function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw usageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number))
    throw new InvalidArgumentError(`"${text}" is not a number`);
  return number;
}
