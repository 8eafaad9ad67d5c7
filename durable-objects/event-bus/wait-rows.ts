// The `waits` table: which runs wait for what, and which events they have consumed.
import type { Criteria } from "../../src/events/matching.ts";
import { isPrefix, matchesType } from "../../src/events/type-pattern.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Lineage } from "../../src/protocol/start.ts";

export interface Wait {
  run: RunId;
  command: CommandId;
  criteria: Criteria;
  afterSeq: number;
  /** Of what arrived after that and up to here, nothing is for this wait that its run has not consumed. */
  lookedSeq: number;
  lineage?: Lineage | undefined;
}

/** How many of a run's waits for a type are looked at for one that asked for the same. */
const MAX_COMPARED = 100;

type Row = {
  run: RunId;
  command: CommandId;
  type: string;
  filter: string | null;
  match: string | null;
  after_seq: number;
  looked_seq: number;
  is_sensitive: number;
  first: RunId | null;
  generation: number | null;
};

function wait(row: Row): Wait {
  return {
    run: row.run,
    command: row.command,
    criteria: {
      type: row.type,
      filter: row.filter ?? undefined,
      match: row.match === null ? undefined : (JSON.parse(row.match) as JsonObject),
      isSensitive: row.is_sensitive === 1,
    },
    afterSeq: row.after_seq,
    lookedSeq: row.looked_seq,
    lineage: row.first === null ? undefined : { first: row.first, generation: row.generation ?? 0 },
  };
}

function matchColumn({ match }: Criteria): string | null {
  return match === undefined ? null : JSON.stringify(match);
}

export class WaitRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  isKnown(run: RunId, command: CommandId): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM waits WHERE run = ? AND command = ?", run, command).toArray().length > 0
    );
  }

  /** It has yet to look at what has arrived, and gets nothing newer until it has. */
  insert({ run, command, criteria, afterSeq, lookedSeq, lineage }: Wait, now: number): void {
    this.#sql.exec(
      `INSERT INTO waits (run, command, type, is_prefix, filter, match, after_seq, looked_seq, is_sensitive,
         first, generation, registered_at, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'looking')`,
      run,
      command,
      criteria.type,
      isPrefix(criteria.type) ? 1 : 0,
      criteria.filter ?? null,
      matchColumn(criteria),
      afterSeq,
      lookedSeq,
      criteria.isSensitive ? 1 : 0,
      lineage?.first ?? null,
      lineage?.generation ?? null,
      now,
    );
  }

  /** How far waits of the run that asked for the same have looked, at least at what arrived after `afterSeq`. */
  lookedFor(run: RunId, criteria: Criteria, afterSeq: number): number {
    const { looked } = this.#sql
      .exec<{ looked: number | null }>(
        `SELECT MAX(looked_seq) AS looked FROM
           (SELECT filter, match, after_seq, looked_seq FROM waits WHERE run = ? AND type = ?
            ORDER BY looked_seq DESC LIMIT ?)
         WHERE filter IS ? AND match IS ? AND after_seq <= ?`,
        run,
        criteria.type,
        MAX_COMPARED,
        criteria.filter ?? null,
        matchColumn(criteria),
        afterSeq,
      )
      .one();
    return looked ?? 0;
  }

  /** The first of a run's waits, or of all, that is not through with what has arrived. */
  firstLooking(run?: RunId): Wait | undefined {
    const of = run === undefined ? { sql: "1", args: [] } : { sql: "run = ?", args: [run] };
    const row = this.#sql
      .exec<Row>(
        `SELECT * FROM waits WHERE state = 'looking' AND ${of.sql} ORDER BY rowid LIMIT 1`,
        ...of.args,
      )
      .toArray()[0];
    return row && wait(row);
  }

  /** It has looked as far as this; as far as there is anything where it `isThrough`. */
  looked(run: RunId, command: CommandId, lookedSeq: number, isThrough: boolean): void {
    this.#sql.exec(
      `UPDATE waits SET looked_seq = MAX(looked_seq, ?), state = ?
       WHERE run = ? AND command = ? AND state = 'looking'`,
      lookedSeq,
      isThrough ? "open" : "looking",
      run,
      command,
    );
  }

  /** An event that nobody has taken is free again: who looks goes over it once more. */
  lookAgainAt(run: RunId, seq: number): void {
    this.#sql.exec(
      "UPDATE waits SET looked_seq = MAX(after_seq, ?) WHERE run = ? AND looked_seq >= ?",
      seq - 1,
      run,
      seq,
    );
  }

  /** Open waits that an event of this type may be for, in the order in which they were registered. */
  openFor(type: string): Wait[] {
    return this.#sql
      .exec<Row>(
        `SELECT rowid AS place, * FROM waits WHERE state = 'open' AND is_prefix = 0 AND type = ?
         UNION ALL SELECT rowid AS place, * FROM waits WHERE state = 'open' AND is_prefix = 1
         ORDER BY place`,
        type,
      )
      .toArray()
      .filter((row) => matchesType(row.type, type))
      .map(wait);
  }

  /** A run's waits for which none of what has arrived is, in the order in which they were registered. */
  openOf(run: RunId): Wait[] {
    return this.#sql
      .exec<Row>("SELECT * FROM waits WHERE run = ? AND state = 'open' ORDER BY rowid", run)
      .toArray()
      .map(wait);
  }

  /** The event counts as consumed from now on, until the run turns it down. */
  sent(run: RunId, command: CommandId, seq: number): void {
    this.#sql.exec(
      `UPDATE waits SET state = 'sent', seq = ?, looked_seq = MAX(looked_seq, ?)
       WHERE run = ? AND command = ? AND state IN ('looking', 'open')`,
      seq,
      seq,
      run,
      command,
    );
  }

  taken(run: RunId, command: CommandId, seq: number): void {
    this.#sql.exec(
      "UPDATE waits SET state = 'taken' WHERE run = ? AND command = ? AND seq = ? AND state = 'sent'",
      run,
      command,
      seq,
    );
  }

  /** The events, those that are still kept, count as consumed by a run that never waited for them here. */
  markTaken(run: RunId, seqs: readonly number[], now: number): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO waits (run, command, type, is_prefix, after_seq, registered_at, state, seq)
         SELECT ?, 'before#' || seq, '', 0, 0, ?, 'taken', seq FROM events
         WHERE seq IN (SELECT value FROM json_each(?))`,
      run,
      now,
      JSON.stringify(seqs),
    );
  }

  turnedDown(run: RunId, command: CommandId, seq: number): void {
    this.#sql.exec(
      "UPDATE waits SET state = 'over', seq = NULL WHERE run = ? AND command = ? AND seq = ? AND state = 'sent'",
      run,
      command,
      seq,
    );
  }

  /**
   * An event that is on its way stays consumed until the run has answered. Answers which one is free again that the run
   * had taken: it kept that for later, and its wait has ended otherwise first.
   */
  cancel(run: RunId, command: CommandId): number | undefined {
    const taken = this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM waits WHERE run = ? AND command = ? AND state = 'taken'",
        run,
        command,
      )
      .toArray()[0];
    this.#sql.exec(
      `UPDATE waits SET state = 'over', seq = NULL
       WHERE run = ? AND command = ? AND state IN ('looking', 'open', 'taken')`,
      run,
      command,
    );
    return taken?.seq;
  }

  /**
   * The run is over. Its waits are kept as such for a time, so that a late repetition does not open them again, with
   * the events that they took.
   */
  forget(run: RunId): void {
    this.#sql.exec("DELETE FROM waits WHERE run = ? AND command LIKE 'before#%'", run);
    this.#sql.exec(
      `UPDATE waits SET seq = CASE state WHEN 'sent' THEN NULL ELSE seq END,
         state = 'over', filter = NULL, match = NULL, looked_seq = 0 WHERE run = ?`,
      run,
    );
  }

  /** The waits that an event has gone to, in the order in which they were registered. */
  servedBy(seq: number, limit: number): { run: RunId; command: CommandId }[] {
    return this.#sql
      .exec<{ run: RunId; command: CommandId }>(
        "SELECT run, command FROM waits WHERE seq = ? AND command NOT LIKE 'before#%' ORDER BY rowid LIMIT ?",
        seq,
        limit,
      )
      .toArray();
  }

  /** Drops what is over, at most `limit`; gives how many. */
  removeOver(registeredBefore: number, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM waits WHERE rowid IN
           (SELECT rowid FROM waits WHERE state = 'over' AND registered_at < ? LIMIT ?) RETURNING 1`,
        registeredBefore,
        limit,
      )
      .toArray().length;
  }

  /** Drops what long runs have consumed of events before `seq` that are no longer kept, at most `limit`; gives how many. */
  removeGone(seq: number, registeredBefore: number, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM waits WHERE rowid IN
           (SELECT rowid FROM waits WHERE seq < ? AND state = 'taken' AND registered_at < ?
              AND NOT EXISTS (SELECT 1 FROM events WHERE events.seq = waits.seq) LIMIT ?) RETURNING 1`,
        seq,
        registeredBefore,
        limit,
      )
      .toArray().length;
  }
}
