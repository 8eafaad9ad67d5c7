// Which of the starts that wait in one group begin now: `concurrency` on triggers, like GitLab's `resource_group`.
//
// 1. Never more than `limit` runs hold a place.
// 2. Nothing waits while a place is free.
// 3. The rule of the newest start that waits is the rule of the group: a new version of a workflow applies at once.
import type { Concurrency } from "../protocol/flow-control.ts";
import type { RunId } from "../protocol/ids.ts";

export interface Waiting {
  run: RunId;
  /** Grows with every event: tells older from newer. */
  arrival: number;
  priority: number;
  rule: Pick<Concurrency, "mode" | "limit">;
}

/** A run that has been started and has not ended. */
export interface Holder {
  run: RunId;
  arrival: number;
  /** It has been asked to end; until it has, it keeps its place. */
  isCancelled: boolean;
}

export interface Settlement {
  start: RunId[];
  /** `inFavourOf` is the newer start that makes it pointless; without one, it found no place. */
  drop: { run: RunId; inFavourOf?: RunId }[];
  cancel: RunId[];
}

/**
 * Higher priority first, then `order` of arrival; two of one event by their names, so that the answer is always the same.
 */
function inOrder(waiting: readonly Waiting[], order: "oldest" | "newest"): Waiting[] {
  const sign = order === "oldest" ? 1 : -1;
  return [...waiting].sort(
    (a, b) => b.priority - a.priority || sign * (a.arrival - b.arrival) || (a.run < b.run ? -1 : 1),
  );
}

type Arrived = Pick<Waiting, "run" | "arrival">;

function isNewer(one: Arrived, other: Arrived): boolean {
  return one.arrival > other.arrival || (one.arrival === other.arrival && one.run > other.run);
}

export function newestOf(waiting: readonly Waiting[]): Waiting | undefined {
  return waiting.reduce<Waiting | undefined>(
    (newest, one) => (newest && isNewer(newest, one) ? newest : one),
    undefined,
  );
}

/**
 * Whether nothing can happen in a group with this newest start that waits and so many that hold a place. It needs no
 * others, so that joining a long queue costs as little as joining a short one.
 */
export function isAtRest(newest: Waiting | undefined, holders: number): boolean {
  if (!newest) return true;
  const letsOthersWait =
    newest.rule.mode === "queue" || newest.rule.mode === "newest_first" || newest.rule.mode === "newest";
  return letsOthersWait && holders >= newest.rule.limit;
}

/**
 * What happens in a group, given who waits and who holds a place. Looking again, once it has happened, finds nothing
 * more to do; the order of the input decides nothing.
 */
export function settle(waiting: readonly Waiting[], holders: readonly Holder[]): Settlement {
  const { start, drop, cancel } = step(waiting, holders);
  if (start.length + drop.length === 0) return { start, drop, cancel };
  // Where rules are mixed, what is left may go by another one.
  const isGone = (run: RunId) => start.includes(run) || drop.some((dropped) => dropped.run === run);
  const rest = settle(
    waiting.filter(({ run }) => !isGone(run)),
    [
      ...holders.map((one) => ({ ...one, isCancelled: one.isCancelled || cancel.includes(one.run) })),
      ...waiting.filter(({ run }) => start.includes(run)).map((one) => ({ ...one, isCancelled: false })),
    ],
  );
  return {
    start: [...start, ...rest.start],
    drop: [...drop, ...rest.drop],
    cancel: [...cancel, ...rest.cancel],
  };
}

function step(waiting: readonly Waiting[], holders: readonly Holder[]): Settlement {
  const newest = newestOf(waiting);
  if (!newest) return { start: [], drop: [], cancel: [] };
  const free = Math.max(0, newest.rule.limit - holders.length);
  switch (newest.rule.mode) {
    case "queue":
      return starting(inOrder(waiting, "oldest").slice(0, free));
    case "newest_first":
      return starting(inOrder(waiting, "newest").slice(0, free));
    case "newest": {
      if (free === 0) return starting([]);
      const start = inOrder(waiting, "newest").slice(0, free);
      const drop = superseded(waiting, newest).filter(({ run }) => !start.some((one) => one.run === run));
      return { ...starting(start), drop };
    }
    case "cancel_queued":
      return { ...starting([newest].slice(0, free)), drop: superseded(waiting, newest) };
    case "cancel_running": {
      const ending = holders.filter(({ isCancelled }) => isCancelled).length;
      const toEnd = holders.length + 1 - newest.rule.limit - ending;
      // Where rules are mixed, one that waited may be older than what was started before it.
      const oldest = holders
        .filter((one) => !one.isCancelled && isNewer(newest, one))
        .sort((a, b) => a.arrival - b.arrival || (a.run < b.run ? -1 : 1));
      return {
        ...starting([newest].slice(0, free)),
        drop: superseded(waiting, newest),
        cancel: oldest.slice(0, Math.max(0, toEnd)).map(({ run }) => run),
      };
    }
    case "skip": {
      // Those that wait by another rule were here before it.
      if (free > 0 && waiting.length === 1) return starting([newest]);
      return { start: [], drop: [{ run: newest.run }], cancel: [] };
    }
  }
}

function starting(start: readonly Waiting[]): Settlement {
  return { start: start.map(({ run }) => run), drop: [], cancel: [] };
}

function superseded(waiting: readonly Waiting[], newest: Waiting): Settlement["drop"] {
  return waiting.filter((one) => one !== newest).map(({ run }) => ({ run, inFavourOf: newest.run }));
}
