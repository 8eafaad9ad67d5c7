// The `events` table: what arrived, in the order of its arrival.
import { isPrefix, prefixOf } from "../../src/events/type-pattern.ts";
import type { CloudEvent, EventReceipt, StoredEvent } from "../../src/protocol/cloud-event.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

type Row = {
  seq: number;
  source: string;
  id: string;
  type: string;
  received_at: number;
  initiator: string;
  body: string;
  receipt: string;
};

/** UTF-16 units of events in one page, a single larger one excepted. An RPC answer holds 32 MiB at most. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;

/** How many arrival numbers a look-back holds at once. */
const LOOK_BACK_PAGE = 1000;

/** What an event did when it arrived. */
export type Effects = Pick<EventReceipt, "started" | "queued" | "woke" | "skipped" | "unmatched">;

function receiptOf(row: Row): EventReceipt {
  const effects = JSON.parse(row.receipt) as Effects;
  return { id: row.id, source: row.source, type: row.type, seq: row.seq, duplicate: false, ...effects };
}

function stored(row: Row): StoredEvent {
  return {
    seq: row.seq,
    receivedAt: row.received_at,
    initiator: row.initiator,
    event: JSON.parse(row.body) as CloudEvent,
    receipt: receiptOf(row),
  };
}

/**
 * The condition that an event's type is the pattern's, and its arguments. For use in a subquery that selects `seq`
 * alone: the index on (type, seq) answers that, and what has to be sorted for a prefix are numbers, not events.
 */
function ofType(pattern: string): { sql: string; args: string[] } {
  if (!isPrefix(pattern)) return { sql: "type = ?", args: [pattern] };
  const prefix = prefixOf(pattern);
  // No type holds U+10FFFF, a noncharacter, so this is above everything that begins with the prefix.
  return { sql: "type >= ? AND type < ?", args: [prefix, `${prefix}\u{10ffff}`] };
}

export class EventRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The receipt of an event that has been here before. */
  receipt(source: string, id: string): EventReceipt | undefined {
    const row = this.#byIdentity(source, id);
    return row && receiptOf(row);
  }

  find(source: string, id: string): StoredEvent | undefined {
    const row = this.#byIdentity(source, id);
    return row && stored(row);
  }

  /** The event of an arrival number; undefined once retention has removed it. */
  at(seq: number): StoredEvent | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM events WHERE seq = ?", seq).toArray()[0];
    return row && stored(row);
  }

  /** The newest arrival number, 0 when nothing is stored. */
  lastSeq(): number {
    return this.#sql.exec<{ last: number | null }>("SELECT MAX(seq) AS last FROM events").one().last ?? 0;
  }

  /** The arrival number that the next event gets. */
  nextSeq(): number {
    const row = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
      .toArray()[0];
    return (row?.seq ?? 0) + 1;
  }

  /** Stores an event with what it does, under the arrival number that `nextSeq` gave. */
  insert(
    event: CloudEvent,
    from: { seq: number; initiator: string; receivedAt: number },
    effects: Effects,
  ): void {
    const body = JSON.stringify(event);
    assertFitsRow(body, `the event ${event.id} from ${event.source}`);
    this.#sql.exec(
      `INSERT INTO events (seq, source, id, type, received_at, initiator, body, receipt)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      from.seq,
      event.source,
      event.id,
      event.type,
      from.receivedAt,
      from.initiator,
      body,
      JSON.stringify(effects),
    );
  }

  /**
   * The arrival number of the first event of a type that arrived after `afterSeq`, is not among those `run` has
   * consumed, and is accepted; undefined when there is none.
   */
  firstUnconsumed(
    query: { run: string; type: string; afterSeq: number },
    accepts: (event: CloudEvent) => boolean,
  ): number | undefined {
    const type = ofType(query.type);
    let { afterSeq } = query;
    for (;;) {
      // Read one by one, not as an array: a page of the largest events would not fit into memory.
      const rows = this.#sql.exec<Row>(
        `SELECT * FROM events WHERE seq IN
           (SELECT seq FROM events WHERE ${type.sql} AND seq > ?
              AND seq NOT IN (SELECT seq FROM waits WHERE run = ? AND seq IS NOT NULL)
            ORDER BY seq LIMIT ?)
         ORDER BY seq`,
        ...type.args,
        afterSeq,
        query.run,
        LOOK_BACK_PAGE,
      );
      let seen = 0;
      for (const row of rows) {
        if (accepts(JSON.parse(row.body) as CloudEvent)) return row.seq;
        afterSeq = row.seq;
        seen += 1;
      }
      if (seen < LOOK_BACK_PAGE) return undefined;
    }
  }

  /** A page, newest first: at most `limit` events, and no more than fit into an answer. */
  page(query: { before?: number | undefined; limit: number; type?: string | undefined }): {
    events: StoredEvent[];
    hasMore: boolean;
  } {
    const type = query.type === undefined ? { sql: "1", args: [] } : ofType(query.type);
    const rows = this.#sql.exec<Row>(
      `SELECT * FROM events WHERE seq IN
         (SELECT seq FROM events WHERE ${type.sql} AND seq < ? ORDER BY seq DESC LIMIT ?)
       ORDER BY seq DESC`,
      ...type.args,
      query.before ?? Number.MAX_SAFE_INTEGER,
      query.limit + 1,
    );
    const events: StoredEvent[] = [];
    let length = 0;
    for (const row of rows) {
      length += row.body.length;
      if (events.length === query.limit || (events.length > 0 && length > MAX_PAGE_LENGTH)) {
        return { events, hasMore: true };
      }
      events.push(stored(row));
    }
    return { events, hasMore: false };
  }

  /**
   * Removes the oldest events that arrived before `receivedBefore`, at most `limit`; gives how many. Those that a
   * waiting start stands for are kept.
   */
  removeOlder(receivedBefore: number, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM events WHERE seq IN
         (SELECT seq FROM events WHERE received_at < ? AND seq NOT IN
           (SELECT start_events.seq FROM start_events JOIN starts ON starts.run = start_events.run
            WHERE starts.state IN ('gathering', 'limited', 'queued'))
          ORDER BY received_at LIMIT ?) RETURNING seq`,
        receivedBefore,
        limit,
      )
      .toArray().length;
  }

  #byIdentity(source: string, id: string): Row | undefined {
    return this.#sql.exec<Row>("SELECT * FROM events WHERE source = ? AND id = ?", source, id).toArray()[0];
  }
}
