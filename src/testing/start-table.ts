// The store of starts.ts in memory: the starts of one test.
import { type Holder, newestOf, type Waiting } from "../events/places.ts";
import type { NewStart, Start, StartStore } from "../events/start-store.ts";
import type { RunId } from "../protocol/ids.ts";
import { isWaiting, type StartState, type StartView, waitingStates } from "../protocol/start.ts";

/** Of starts that are not over. */
const openStates: readonly StartState[] = [...waitingStates, "started"];

interface Row extends Start {
  gatherKey: string | undefined;
  reason: string;
  seqs: number[];
  changedAt: number;
  dueAt: number | undefined;
}

export class StartTable implements StartStore {
  readonly #rows = new Map<RunId, Row>();
  /** Those that are not over, which alone are looked for by their state: of the others there are more and more. */
  readonly #open = new Map<RunId, Row>();
  readonly #permits = new Map<string, number[]>();
  readonly #drops = new Map<string, number>();
  /** Who waits for what becomes of a start, by its run. */
  readonly #watchers = new Map<RunId, (() => void)[]>();

  /** In the order in which they were asked for. */
  views(): StartView[] {
    return [...this.#rows.values()].map(viewOf);
  }

  find(run: RunId): Start | undefined {
    return copyOf(this.#rows.get(run));
  }

  view(run: RunId): StartView | undefined {
    const row = this.#rows.get(run);
    return row && viewOf(row);
  }

  insert(added: NewStart): void {
    const row: Row = {
      continues: undefined,
      parent: undefined,
      ...added,
      state: "gathering",
      reason: "",
      events: 1,
      merged: 0,
      isCancelled: false,
      seqs: [added.arrival],
      changedAt: added.createdAt,
      dueAt: undefined,
    };
    this.#rows.set(added.run, row);
    this.#open.set(added.run, row);
  }

  become(run: RunId, state: StartState, change: { reason: string; now: number; dueAt?: number }): void {
    const { reason, now: changedAt, dueAt } = change;
    const row = Object.assign(this.#row(run), { state, reason, changedAt, dueAt });
    if (!openStates.includes(state)) this.#open.delete(run);
    else if (!this.#open.has(run)) this.#open.set(run, row);
    if (isWaiting(row)) return;
    const watchers = this.#watchers.get(run) ?? [];
    this.#watchers.delete(run);
    for (const tell of watchers) tell();
  }

  /** Tells, once, when a start that waits is about to begin, or never will. */
  whenDecided(run: RunId, tell: () => void): void {
    this.#watchers.set(run, [...(this.#watchers.get(run) ?? []), tell]);
  }

  gathering(trigger: string, key: string): Start | undefined {
    return copyOf(this.#in("gathering").find((row) => row.trigger.id === trigger && row.gatherKey === key));
  }

  addEvent(run: RunId, added: Omit<NewStart, "run" | "createdAt" | "gatherKey">, now: number): void {
    const row = this.#row(run);
    const { trigger, digest, initiator, permitScope, placeGroup, priority, arrival } = added;
    Object.assign(row, {
      trigger,
      digest,
      initiator,
      permitScope,
      placeGroup,
      priority,
      arrival,
      changedAt: now,
    });
    row.events += 1;
    row.length += added.length;
    row.seqs.push(arrival);
  }

  seqs(run: RunId): number[] {
    return this.#row(run).seqs;
  }

  nextLimited(scope: string): Start | undefined {
    const [first] = this.#limited(scope).sort(
      (a, b) => b.priority - a.priority || a.arrival - b.arrival || (a.run < b.run ? -1 : 1),
    );
    return copyOf(first);
  }

  limitedCount(scope: string): number {
    return this.#limited(scope).length;
  }

  grantedAt(scope: string, count: number): number | undefined {
    return this.#permits.get(scope)?.at(-count);
  }

  grant(scope: string, at: number, forgetBefore: number): void {
    const kept = (this.#permits.get(scope) ?? []).filter((one) => one > forgetBefore);
    this.#permits.set(scope, [...kept, at]);
  }

  holders(group: string): Holder[] {
    return this.#in("started")
      .filter(({ placeGroup }) => placeGroup === group)
      .map(({ run, arrival, isCancelled }) => ({ run, arrival, isCancelled }));
  }

  queuedCount(group: string): number {
    return this.queued(group).length;
  }

  newestQueued(group: string): Waiting | undefined {
    return newestOf(this.queued(group));
  }

  queued(group: string): Waiting[] {
    return this.#in("queued")
      .filter(({ placeGroup }) => placeGroup === group)
      .map((row) => ({
        run: row.run,
        arrival: row.arrival,
        priority: row.priority,
        rule: row.trigger.concurrency ?? { mode: "queue", limit: 1 },
      }));
  }

  noteCancelled(run: RunId): void {
    this.#row(run).isCancelled = true;
  }

  addMerged(run: RunId, count: number): void {
    this.#row(run).merged += count;
  }

  heldUp(since: number): RunId[] {
    const wanted = new Set(this.#in("queued").map(({ placeGroup }) => placeGroup));
    return this.#in("started")
      .filter(
        ({ changedAt, placeGroup }) =>
          changedAt <= since && placeGroup !== undefined && wanted.has(placeGroup),
      )
      .map(({ run }) => run);
  }

  holdingSince(group: string, since: number): RunId[] {
    return this.#in("started")
      .filter(({ changedAt, placeGroup }) => changedAt <= since && placeGroup === group)
      .map(({ run }) => run);
  }

  isSomebodyQueued(): boolean {
    return this.#in("queued").some(({ placeGroup }) => placeGroup !== undefined);
  }

  countDrop(trigger: string): void {
    this.#drops.set(trigger, (this.#drops.get(trigger) ?? 0) + 1);
  }

  takeDropCount(trigger: string): number {
    const count = this.#drops.get(trigger) ?? 0;
    this.#drops.delete(trigger);
    return count;
  }

  #in(state: StartState): Row[] {
    return [...this.#open.values()].filter((row) => row.state === state);
  }

  #limited(scope: string): Row[] {
    return this.#in("limited").filter(({ permitScope }) => permitScope === scope);
  }

  #row(run: RunId): Row {
    const row = this.#rows.get(run);
    if (!row) throw new Error(`the start ${run} is not in the table`);
    return row;
  }
}

/** What somebody has read does not change with the table. */
function copyOf(row: Row | undefined): Start | undefined {
  return row && { ...row };
}

function viewOf(row: Row): StartView {
  const {
    run,
    workflow,
    trigger,
    state,
    reason,
    placeGroup,
    events,
    initiator,
    createdAt,
    changedAt,
    dueAt,
  } = row;
  return {
    run,
    workflow,
    trigger: trigger.id,
    state,
    reason,
    ...(placeGroup !== undefined && { group: placeGroup }),
    priority: row.priority,
    events,
    initiator,
    createdAt,
    changedAt,
    ...(isWaiting(row) && dueAt !== undefined && { dueAt }),
  };
}
