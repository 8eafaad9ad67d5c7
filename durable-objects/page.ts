import type { Position } from "./rpc/position.ts";

/** A page of what was looked for with `limit + 1`: one more than it holds says that there is a following page. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  positionOf: (last: T) => Position,
): { items: T[]; next?: Position } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(found.length > limit && last && { next: positionOf(last) }) };
}
