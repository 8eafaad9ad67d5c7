// Which runs of a list somebody has picked.
import { useMemo, useState } from "react";
import type { Run } from "../../api/client.ts";

interface Picks {
  /** The list in which they were picked. */
  list: string;
  byId: ReadonlyMap<string, Run>;
  /** The one picked last by itself: Shift picks from it on. */
  anchor?: string | undefined;
}

/** `list` names what is listed: in another list nothing is picked, for one would not see what. */
export function usePicks(
  runs: readonly Run[],
  list: string,
): {
  /** As they are now; one that has left the list, as it was last seen there. */
  picked: readonly Run[];
  pick: (run: Run, isRange: boolean) => void;
  pickAll: (runs: readonly Run[]) => void;
  clear: () => void;
} {
  const [picks, setPicks] = useState<Picks>({ list, byId: new Map() });
  // Forgotten for good: who comes back to the list does not expect to find them.
  if (picks.list !== list) setPicks({ list, byId: none });
  const byId = picks.list === list ? picks.byId : none;
  const picked = useMemo(() => {
    const newest = new Map(runs.map((run) => [run.id, run]));
    return [...byId.values()].map((run) => newest.get(run.id) ?? run);
  }, [byId, runs]);
  const set = (next: ReadonlyMap<string, Run>, anchor?: string) => setPicks({ list, byId: next, anchor });
  return {
    picked,
    pick: (run, isRange) => {
      const index = runs.findIndex(({ id }) => id === run.id);
      const anchor = isRange ? runs.findIndex(({ id }) => id === picks.anchor) : -1;
      const from = anchor < 0 ? index : anchor;
      const next = new Map(byId);
      for (const one of runs.slice(Math.min(from, index), Math.max(from, index) + 1)) {
        if (byId.has(run.id)) next.delete(one.id);
        else next.set(one.id, one);
      }
      set(next, run.id);
    },
    pickAll: (all) => set(new Map(all.map((run) => [run.id, run]))),
    clear: () => set(none),
  };
}

const none: ReadonlyMap<string, Run> = new Map();
