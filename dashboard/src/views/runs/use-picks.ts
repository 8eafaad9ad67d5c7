// Which runs of a list somebody has picked.
import { useMemo, useRef, useState } from "react";
import type { Run } from "../../api/client.ts";

interface Picks {
  /** The list in which they were picked. */
  list: string;
  byId: ReadonlyMap<string, Run>;
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
  const lastPicked = useRef<string>(undefined);
  const byId = picks.list === list ? picks.byId : none;
  const picked = useMemo(() => {
    const newest = new Map(runs.map((run) => [run.id, run]));
    return [...byId.values()].map((run) => newest.get(run.id) ?? run);
  }, [byId, runs]);
  const set = (next: ReadonlyMap<string, Run>) => setPicks({ list, byId: next });
  return {
    picked,
    pick: (run, isRange) => {
      const index = runs.findIndex(({ id }) => id === run.id);
      const anchor = isRange ? runs.findIndex(({ id }) => id === lastPicked.current) : -1;
      const from = anchor < 0 ? index : anchor;
      const next = new Map(byId);
      for (const one of runs.slice(Math.min(from, index), Math.max(from, index) + 1)) {
        if (byId.has(run.id)) next.delete(one.id);
        else next.set(one.id, one);
      }
      lastPicked.current = run.id;
      set(next);
    },
    pickAll: (all) => set(new Map(all.map((run) => [run.id, run]))),
    clear: () => set(none),
  };
}

const none: ReadonlyMap<string, Run> = new Map();
