// The `lineage_events` table: what runs that went on as another have consumed. Each event is there once, however many
// runs follow, and as long as the bus has it.
import type { Lineage } from "../../src/protocol/start.ts";
import type { EventBusRpc } from "../rpc/event-bus.ts";

/** The condition that an event was consumed before this run of the lineage, and its arguments. */
export function consumedBefore(lineage: Lineage | undefined): { sql: string; args: (string | number)[] } {
  if (!lineage) return { sql: "0", args: [] };
  return {
    sql: `EXISTS (SELECT 1 FROM lineage_events AS before
            WHERE before.first = ? AND before.seq = events.seq AND before.generation < ?)`,
    args: [lineage.first, lineage.generation],
  };
}

export class LineageRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  keep({ lineage, seqs, after }: Parameters<EventBusRpc["keepConsumed"]>[0]): void {
    const { first, generation } = lineage;
    this.#sql.exec(
      `INSERT OR IGNORE INTO lineage_events (first, generation, seq)
         SELECT ?, ?, seq FROM events WHERE seq IN (SELECT value FROM json_each(?))`,
      first,
      generation,
      JSON.stringify(seqs),
    );
    if (!after) return;
    this.#sql.exec(
      `INSERT OR IGNORE INTO lineage_events (first, generation, seq)
         SELECT ?, ?, seq FROM lineage_events WHERE first = ? AND generation < ?`,
      first,
      generation,
      after.first,
      after.generation,
    );
  }

  /** Drops what was consumed of events before `seq` that are no longer kept, at most `limit`; gives how many. */
  removeGone(seq: number, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM lineage_events WHERE rowid IN
           (SELECT rowid FROM lineage_events WHERE seq < ?
              AND NOT EXISTS (SELECT 1 FROM events WHERE events.seq = lineage_events.seq) LIMIT ?) RETURNING 1`,
        seq,
        limit,
      )
      .toArray().length;
  }
}
