// A list that grows at its top, held as it is while somebody has a hand on it: no row moves away from under it.
import { useState } from "react";

interface Hold {
  list: string;
  /** The newest that is shown. */
  at: number;
}

/**
 * `list` names what is listed; another one begins anew. Newest first. While it is held, what is newer is counted and not
 * shown; what changes in place, or is older, is shown as ever. `letIn` shows it all and holds on from there.
 */
export function useHeldList<T extends { createdAt: number }>(
  items: readonly T[],
  list: string,
  isHeld: boolean,
): { shown: readonly T[]; newer: number; letIn: () => void } {
  const [hold, setHold] = useState<Hold>();
  const at = items[0]?.createdAt;
  // During rendering, so that no row is drawn in between.
  if (isHeld && at !== undefined && hold?.list !== list) setHold({ list, at });
  if (!isHeld && hold) setHold(undefined);
  const shown = isHeld && hold?.list === list ? items.filter(({ createdAt }) => createdAt <= hold.at) : items;
  return {
    shown,
    newer: items.length - shown.length,
    letIn: () => at !== undefined && setHold({ list, at }),
  };
}
