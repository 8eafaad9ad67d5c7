// Who gets a lock next.

/**
 * How many of those that wait, in the order they asked, get the lock now. Each is granted it while fewer hold it than
 * its own limit. Nobody is overtaken: where the first has to wait, so do all behind it.
 */
export function grantable(held: number, limits: Iterable<number>): number {
  let granted = 0;
  for (const limit of limits) {
    if (held + granted >= limit) break;
    granted += 1;
  }
  return granted;
}
