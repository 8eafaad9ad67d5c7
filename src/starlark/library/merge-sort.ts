/**
 * A stable sort that makes the same comparisons everywhere: those of `Array.prototype.sort` differ
 * from one version of V8 to the next, and comparisons are charged.
 */

/** Shorter pieces are sorted by insertion. */
const PIECE = 8;

/** Sorts in place, equal items in their order. What `order` throws passes through. */
export function mergeSort<Item>(items: Item[], order: (x: Item, y: Item) => number): void {
  const count = items.length;
  for (let start = 0; start < count; start += PIECE) {
    insertionSort(items, start, Math.min(start + PIECE, count), order);
  }
  let from = items;
  let to = items.slice();
  for (let width = PIECE; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      merge(from, to, start, Math.min(start + width, count), Math.min(start + 2 * width, count), order);
    }
    const sorted = to;
    to = from;
    from = sorted;
  }
  if (from !== items) for (let i = 0; i < count; i++) items[i] = from[i] as Item;
}

function insertionSort<Item>(
  items: Item[],
  start: number,
  end: number,
  order: (x: Item, y: Item) => number,
): void {
  for (let i = start + 1; i < end; i++) {
    const item = items[i] as Item;
    let at = i;
    for (; at > start && order(items[at - 1] as Item, item) > 0; at--) items[at] = items[at - 1] as Item;
    items[at] = item;
  }
}

/** Merges two sorted neighbours into the same place of another array. */
function merge<Item>(
  from: readonly Item[],
  to: Item[],
  start: number,
  middle: number,
  end: number,
  order: (x: Item, y: Item) => number,
): void {
  let left = start;
  let right = middle;
  // Neighbours that are in order already need one comparison.
  if (right < end && order(from[middle - 1] as Item, from[middle] as Item) <= 0) right = end;
  const rest = right === end ? end : middle;
  for (let at = start; at < end; at++) {
    if (left < rest && (right >= end || order(from[left] as Item, from[right] as Item) <= 0)) {
      to[at] = from[left++] as Item;
    } else to[at] = from[right++] as Item;
  }
}
