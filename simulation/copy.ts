// What crosses the network is a copy, as the platform makes it.

/**
 * A copy of what one actor gives to another. JSON, which is nearly all of it, is copied at a fraction of the cost of
 * `structuredClone`, and anything else by that.
 *
 * @throws DataCloneError for what cannot be sent, such as a function.
 */
export function copyOf<T>(value: T): T {
  return (typeof value === "object" && value !== null ? copyOfObject(value) : ofOtherKind(value)) as T;
}

function copyOfObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return structuredClone(value);
  const members = value as Record<string, unknown>;
  // Defined, not assigned, where that would not make a member.
  if (Object.hasOwn(value, "__proto__")) {
    return Object.fromEntries(Object.entries(members).map(([key, inner]) => [key, copyOf(inner)]));
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(members)) copy[key] = copyOf(members[key]);
  return copy;
}

function ofOtherKind(value: unknown): unknown {
  return typeof value === "function" || typeof value === "symbol" ? structuredClone(value) : value;
}
