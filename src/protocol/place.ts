// Places in a JSON value, as `sensitive=["token", "database.password", "users.*.key"]` names them: names one inside the
// other, parted by points; `*` is every entry of a list or of a dict; "" is the whole value.
import { isJsonObject, type JsonValue } from "./json.ts";

/** Names from the outside in; `*` is any. */
export type Place = readonly string[];

export const MAX_PLACES = 100;
const MAX_PLACE_LENGTH = 200;
/** More places than this that were found, not named, and the whole value is the place. */
const MAX_FOUND = 50;

/** What is wrong with a place, in a few words; undefined when nothing is. */
export function placeFault(text: string): string | undefined {
  if (text === "") return "is empty";
  if (text.length > MAX_PLACE_LENGTH) return `has more than ${MAX_PLACE_LENGTH} characters`;
  return text.split(".").includes("") ? "has nothing before, after or between its points" : undefined;
}

export function parsePlace(text: string): Place {
  return text === "" ? [] : text.split(".");
}

function fits(name: string | undefined, key: string): boolean {
  return name === "*" || name === key;
}

/** What of some places lies ahead at one point of a value. Parts whose names no place tells apart share it. */
class Ahead {
  /** A place ends here: all that is inside is at it. */
  readonly isThere: boolean;
  readonly isNothing: boolean;
  readonly #places: readonly Place[];
  readonly #named: ReadonlySet<string | undefined>;
  readonly #inside = new Map<string, Ahead>();

  constructor(places: readonly Place[]) {
    this.#places = places;
    this.isNothing = places.length === 0;
    this.isThere = places.some((place) => place.length === 0);
    this.#named = new Set(places.map(([name]) => name));
  }

  inside(key: string): Ahead {
    if (this.isThere) return this;
    const name = this.#named.has(key) ? key : "*";
    const known = this.#inside.get(name);
    if (known) return known;
    const inside = new Ahead(this.#places.flatMap(([first, ...rest]) => (fits(first, name) ? [rest] : [])));
    this.#inside.set(name, inside);
    return inside;
  }
}

/** Everything that is at the places. */
export function valuesAt(value: JsonValue, places: readonly Place[]): JsonValue[] {
  const found: JsonValue[] = [];
  const look = (part: JsonValue, ahead: Ahead): void => {
    if (ahead.isThere) found.push(part);
    else if (!ahead.isNothing && part !== null && typeof part === "object")
      for (const [key, inner] of Object.entries(part)) look(inner, ahead.inside(key));
  };
  look(value, new Ahead(places));
  return found;
}

/** Whether the value has room for the place: only below `*` may there be nothing. */
export function hasPlace(value: JsonValue, [name, ...rest]: Place): boolean {
  if (name === undefined) return true;
  if (value === null || typeof value !== "object") return false;
  if (name === "*") return Object.values(value).every((part) => hasPlace(part, rest));
  const part = Object.hasOwn(value, name) ? (value as Record<string, JsonValue>)[name] : undefined;
  return part !== undefined && hasPlace(part, rest);
}

/**
 * The value with every text, number and truth value at the places replaced: what holds them keeps its shape. Takes time
 * for the value, and not for every place in every part of it.
 */
export function replacedAt(value: JsonValue, places: readonly Place[], by: string): JsonValue {
  const replaced = (part: JsonValue, ahead: Ahead): JsonValue => {
    if (ahead.isNothing || part === null) return part;
    if (typeof part !== "object") return ahead.isThere ? by : part;
    if (Array.isArray(part)) return part.map((item, index) => replaced(item, ahead.inside(String(index))));
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [key, replaced(inner, ahead.inside(key))]),
    );
  };
  return replaced(value, new Ahead(places));
}

/**
 * Where in the value what `isFound` finds is. It is asked about everything inside; what it finds is not looked into.
 * Entries of a list share a place, and where a place cannot be named, what is around it is it.
 */
export function placesOf<T>(
  value: T,
  isFound: (part: T) => boolean,
  partsOf: (part: T) => [string, T][],
): string[] {
  const found = new Set<string>();
  const look = (part: T, path: string) => {
    if (found.size > MAX_FOUND) return;
    if (isFound(part)) {
      found.add(path);
      return;
    }
    for (const [key, inner] of partsOf(part)) {
      const inside = path === "" ? key : `${path}.${key}`;
      const canBeNamed = key !== "" && !key.includes(".") && inside.length <= MAX_PLACE_LENGTH;
      if (canBeNamed) look(inner, inside);
      else if (holds(inner, isFound, partsOf)) found.add(path);
    }
  };
  look(value, "");
  return found.size > MAX_FOUND ? [""] : [...found];
}

function holds<T>(part: T, isFound: (part: T) => boolean, partsOf: (part: T) => [string, T][]): boolean {
  return isFound(part) || partsOf(part).some(([, inner]) => holds(inner, isFound, partsOf));
}

/** What is directly inside a JSON value; entries of a list are all `*`. */
export function jsonParts(value: JsonValue): [string, JsonValue][] {
  if (Array.isArray(value)) return value.map((item) => ["*", item]);
  return isJsonObject(value) ? Object.entries(value) : [];
}
