// The `events` table: what arrived, in the order of its arrival.
import { SENSITIVE_ATTRIBUTE } from "../../src/events/sensitive-data.ts";
import { isPrefix, prefixOf } from "../../src/events/type-pattern.ts";
import type { CloudEvent, EventReceipt, StoredEvent } from "../../src/protocol/cloud-event.ts";
import type { Lineage } from "../../src/protocol/start.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";
import type { EventFilter } from "../rpc/event-bus.ts";
import { consumedBefore } from "./lineage-rows.ts";

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

/** UTF-16 units of events that a look-back reads at once, a single larger one excepted. */
const MAX_LOOK_BACK_LENGTH = 4 * 1024 * 1024;

/** How many events one request looks at for what no index answers, and UTF-16 units of them: some 50 ms. */
const MAX_LOOKED_AT = 20_000;
const MAX_LOOKED_AT_LENGTH = 32 * 1024 * 1024;
const MAX_WORDS = 5;

interface Condition {
  sql: string;
  value: string;
}

/** Arrival numbers, newest first; its last argument is how many. */
interface Range {
  sql: string;
  args: (string | number)[];
}

/** The conditions that have to be looked at event by event. */
function conditionsOf({ source, subject, text = "" }: EventFilter): Condition[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return [
    ...(source === undefined ? [] : [{ sql: "source = ?", value: source }]),
    ...(subject === undefined ? [] : [{ sql: "body ->> '$.subject' = ?", value: subject }]),
    // Or what is sensitive could be found out word by word.
    ...(words.length === 0 ? [] : [{ sql: "instr(body, ?) = 0", value: `"${SENSITIVE_ATTRIBUTE}"` }]),
    ...words.slice(0, MAX_WORDS).map((word) => ({
      sql: "instr(lower(body), ?) > 0",
      // As it stands in JSON, between its quotes; SQLite's lower() knows ASCII only, and so does this.
      value: JSON.stringify(word)
        .slice(1, -1)
        .replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
    })),
  ];
}

/** What an event did when it arrived. */
export type Effects = Pick<
  EventReceipt,
  "started" | "queued" | "woke" | "more" | "skipped" | "unmatched" | "notWoken"
>;

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
    const receipt = JSON.stringify(effects);
    assertFitsRow(body + receipt, `the event ${event.id} from ${event.source} with its receipt`);
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
      receipt,
    );
  }

  /**
   * Looks through what arrived after `afterSeq`, at most `limit` events and so much of them as is read at once, for the
   * first of a type that is not among those `run` has consumed, nor those before it in its lineage, and is accepted.
   * Without `found`, `reached` is how far it came where there may be more.
   */
  lookThrough(
    query: { run: string; lineage: Lineage | undefined; type: string; afterSeq: number; limit: number },
    accepts: (event: CloudEvent) => boolean,
  ): { found?: number; reached?: number } {
    const type = ofType(query.type);
    const before = consumedBefore(query.lineage);
    // For a prefix the index has no order of arrival: then events of all types are gone through.
    const among = isPrefix(query.type) ? { sql: "1", args: [] } : type;
    // Read one by one, not as an array: so many of the largest events would not fit into memory.
    const rows = this.#sql.exec<{ seq: number; body: string | null }>(
      `SELECT seq, CASE WHEN ${type.sql} AND NOT ${before.sql}
           AND NOT EXISTS (SELECT 1 FROM waits WHERE waits.seq = events.seq AND waits.run = ?)
         THEN body END AS body
       FROM events WHERE seq IN (SELECT seq FROM events WHERE ${among.sql} AND seq > ? ORDER BY seq LIMIT ?)
       ORDER BY seq`,
      ...type.args,
      ...before.args,
      query.run,
      ...among.args,
      query.afterSeq,
      query.limit,
    );
    let [seen, length] = [0, 0];
    for (const { seq, body } of rows) {
      if (body !== null && accepts(JSON.parse(body) as CloudEvent)) return { found: seq };
      seen += 1;
      length += body?.length ?? 0;
      if (seen === query.limit || length > MAX_LOOK_BACK_LENGTH) return { reached: seq };
    }
    return {};
  }

  /**
   * A page, newest first: at most `limit` events, and no more than fit into an answer. `next` is the `before` of the
   * following page. What no index answers (source, subject, text) is looked for among so many events at a time; a page
   * may then be short, or empty, and still have a `next`.
   */
  page(query: EventFilter): { events: StoredEvent[]; next?: number } {
    const type = query.type === undefined ? { sql: "1", args: [] } : ofType(query.type);
    const within: Range = {
      sql: `SELECT seq FROM events WHERE ${type.sql} AND seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
      args: [
        ...type.args,
        this.firstSince(query.from, 0),
        Math.min(query.before ?? Number.MAX_SAFE_INTEGER, this.firstSince(query.to)),
      ],
    };
    const { seqs, next } = this.#lookFor(conditionsOf(query), within, query.limit);
    const events: StoredEvent[] = [];
    let length = 0;
    for (const seq of seqs) {
      const row = this.#sql.exec<Row>("SELECT * FROM events WHERE seq = ?", seq).one();
      length += row.body.length + row.receipt.length;
      const last = events.at(-1);
      if (last && length > MAX_PAGE_LENGTH) return { events, next: last.seq };
      events.push(stored(row));
    }
    return { events, ...(next !== undefined && { next }) };
  }

  /** The newest of a range that fulfil the conditions; `next` where there is more to look through below. */
  #lookFor(conditions: Condition[], within: Range, limit: number): { seqs: number[]; next?: number } {
    const looked = conditions.length > 0 ? MAX_LOOKED_AT : limit + 1;
    const rows = this.#sql.exec<{ seq: number; length: number; fits: number }>(
      `SELECT seq, ${conditions.length > 0 ? "length(body)" : "0"} AS length,
         ${conditions.map(({ sql }) => sql).join(" AND ") || "1"} AS fits
       FROM events WHERE seq IN (${within.sql}) ORDER BY seq DESC`,
      ...conditions.map(({ value }) => value),
      ...within.args,
      looked,
    );
    const seqs: number[] = [];
    let [n, length, last] = [0, 0, 0];
    // Row by row, so that large events, too, are looked at up to a limit.
    for (const row of rows) {
      if (seqs.length === limit || length > MAX_LOOKED_AT_LENGTH) return { seqs, next: last };
      n += 1;
      length += row.length;
      last = row.seq;
      if (row.fits === 1) seqs.push(row.seq);
    }
    return { seqs, ...(n === looked && { next: last }) };
  }

  /** The first arrival number at or after `receivedAt`; past all of them when there is none. */
  firstSince(receivedAt: number | undefined, otherwise = Number.MAX_SAFE_INTEGER): number {
    if (receivedAt === undefined) return otherwise;
    const row = this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM events WHERE received_at >= ? ORDER BY received_at, seq LIMIT 1",
        receivedAt,
      )
      .toArray()[0];
    return row?.seq ?? Number.MAX_SAFE_INTEGER;
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
