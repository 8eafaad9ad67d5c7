// The rows of one lock: who holds it, who waits, and who did a while ago.
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { LockView } from "../../src/protocol/lock.ts";

export interface Claimant {
  run: RunId;
  command: CommandId;
}

export type Claim = LockView["holders"][number];

type Row = {
  run: string;
  command: string;
  workflow: string;
  limit: number;
  requested_at: number;
  granted_at: number | null;
};

function keyOf({ run, command }: Claimant): string {
  return `${run}#${command}`;
}

function claimOf(row: Row): Claim {
  return {
    run: row.run,
    command: row.command,
    workflow: row.workflow,
    limit: row.limit,
    requestedAt: row.requested_at,
    ...(row.granted_at === null ? {} : { grantedAt: row.granted_at }),
  };
}

export class ClaimRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False when it has asked before. */
  add(claim: Claimant & { workflow: string; limit: number }, now: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      `INSERT OR IGNORE INTO claims (claimant, state, "limit", run, command, workflow, requested_at)
       VALUES (?, 'waiting', ?, ?, ?, ?, ?)`,
      keyOf(claim),
      claim.limit,
      claim.run,
      claim.command,
      claim.workflow,
      now,
    );
    return rowsWritten > 0;
  }

  grant(claimant: Claimant, now: number): void {
    this.#sql.exec(
      "UPDATE claims SET state = 'held', granted_at = ? WHERE claimant = ?",
      now,
      keyOf(claimant),
    );
  }

  /** Also for one that has not asked yet: what it asks for late is over then. False when nothing changes. */
  end(claimant: Claimant, now: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      `INSERT INTO claims (claimant, state, "limit", run, command, workflow, requested_at, over_at)
       VALUES (?, 'over', 1, ?, ?, '', ?, ?)
       ON CONFLICT (claimant) DO UPDATE SET state = 'over', over_at = excluded.over_at WHERE state <> 'over'`,
      keyOf(claimant),
      claimant.run,
      claimant.command,
      now,
      now,
    );
    return rowsWritten > 0;
  }

  stateOf(claimant: Claimant): "waiting" | "held" | "over" | undefined {
    return this.#sql
      .exec<{ state: "waiting" | "held" | "over" }>(
        "SELECT state FROM claims WHERE claimant = ?",
        keyOf(claimant),
      )
      .toArray()[0]?.state;
  }

  holders(): Claim[] {
    return this.#in("held", Number.MAX_SAFE_INTEGER);
  }

  heldCount(): number {
    return this.#count("held");
  }

  /** The next first. */
  waiting(limit: number): Claim[] {
    return this.#in("waiting", limit);
  }

  /** What those that wait have asked for, the next first: each is read when it is looked at. */
  *waitingLimits(): Iterable<number> {
    const rows = this.#sql.exec<{ limit: number }>(
      `SELECT "limit" FROM claims WHERE state = 'waiting' ORDER BY seq`,
    );
    for (const { limit } of rows) yield limit;
  }

  waitingCount(): number {
    return this.#count("waiting");
  }

  #count(state: string): number {
    return this.#sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM claims WHERE state = ?", state).one().n;
  }

  #in(state: string, limit: number): Claim[] {
    return this.#sql
      .exec<Row>("SELECT * FROM claims WHERE state = ? ORDER BY seq LIMIT ?", state, limit)
      .toArray()
      .map(claimOf);
  }

  /** Forgets claims that were over before `before`; whether there are any left. */
  prune(before: number): boolean {
    this.#sql.exec("DELETE FROM claims WHERE state = 'over' AND over_at < ?", before);
    return this.#sql.exec("SELECT 1 FROM claims LIMIT 1").toArray().length > 0;
  }

  /** The lock's key, once somebody has asked for it. */
  key(): string | undefined {
    return this.#sql.exec<{ key: string }>("SELECT key FROM lock WHERE id = 1").toArray()[0]?.key;
  }

  version(): number {
    return (
      this.#sql.exec<{ version: number }>("SELECT version FROM lock WHERE id = 1").toArray()[0]?.version ?? 0
    );
  }

  /** Something that people can see has changed. */
  touch(key: string): void {
    this.#sql.exec(
      `INSERT INTO lock (id, key, version) VALUES (1, ?, 1)
       ON CONFLICT (id) DO UPDATE SET version = version + 1`,
      key,
    );
  }
}
