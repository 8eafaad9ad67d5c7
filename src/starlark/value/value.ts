/**
 * What a Starlark variable can hold.
 *
 * | Starlark | here |
 * |---|---|
 * | None | `null` |
 * | bool | `boolean` |
 * | int | `number` while it is a safe integer (never -0), else `bigint`; see int.ts |
 * | string | `string` (UTF-16 code units) |
 * | everything else | a `HeapValue`: float, bytes, list, tuple, dict, set, range, function, host object |
 *
 * `undefined` is never a value: it means "unbound", "absent" or "end of iteration".
 */

export type Value = null | boolean | number | bigint | string | HeapValue;

/** Base of every value that is not represented by a JavaScript primitive. */
export abstract class HeapValue {
  /** The name that `type(x)` gives. */
  abstract get type(): string;

  /** What `bool(x)` gives. */
  truth(): boolean {
    return true;
  }

  /** Whether it can be called. */
  get callable(): boolean {
    return false;
  }

  /** Whether, as a key of a dict, it is equal to itself only. */
  get hashedByIdentity(): boolean {
    return false;
  }

  /**
   * Marks this value immutable and returns the values it holds, which are to be frozen too.
   * Returns undefined when there is nothing (more) to freeze. Called by `freeze` only.
   */
  freezeShallow(): Iterable<Value> | undefined {
    return undefined;
  }
}

/** The name that `type(x)` gives. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "number":
    case "bigint":
      return "int";
    case "string":
      return "string";
    case "boolean":
      return "bool";
    default:
      return value === null ? "NoneType" : value.type;
  }
}

/** What `bool(x)` gives. */
export function truth(value: Value): boolean {
  if (typeof value === "object" && value !== null) return value.truth();
  return Boolean(value);
}

/** Makes a value and all it refers to immutable, for good; cycles and any depth are fine. */
export function freeze(value: Value): void {
  const pending: Value[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!(next instanceof HeapValue)) continue;
    const children = next.freezeShallow();
    if (children !== undefined) for (const child of children) pending.push(child);
  }
}
