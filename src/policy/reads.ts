// What of its input a policy reads. The build finds that out (`opa deps`) and keeps it with the bundle, so that a policy
// is given what it reads and nothing else: nobody waits while it parses a mebibyte that no rule looks at, and calls that
// differ only in the rest are one question.
import type { JsonValue } from "../protocol/json.ts";

/** Paths of names in the input; an empty one is all of it. A value on the way that is no object is given as it is. */
export type Reads = readonly (readonly string[])[];

/** What is read of an object, member by member; `null`: all of it. */
type Part = Map<string, Part> | null;

function partOf(reads: Reads): Part {
  if (reads.some((path) => path.length === 0)) return null;
  const members = new Map<string, (readonly string[])[]>();
  for (const [name = "", ...rest] of reads) {
    const inside = members.get(name) ?? [];
    inside.push(rest);
    members.set(name, inside);
  }
  return new Map([...members].map(([name, inside]) => [name, partOf(inside)] as const));
}

function textOf(value: JsonValue, part: Part): string {
  if (part === null || value === null || typeof value !== "object" || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  const members: string[] = [];
  for (const [name, inside] of part) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${textOf(member, inside)}`);
  }
  return `{${members.join(",")}}`;
}

/** Makes of an input the JSON of what is read of it: the same for inputs that no rule can tell apart. */
export function readingOf(reads: Reads): (input: JsonValue) => string {
  const part = partOf(reads);
  return (input) => textOf(input, part);
}
