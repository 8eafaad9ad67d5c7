// What one run keeps. Its state is its journal: everything else is what it began with, or what is shown of it.
//
// There are as many of these databases as there are runs, and each table and index is a page of each that is written
// when the run begins: so there are few, and those with a key of text are WITHOUT ROWID, which drizzle cannot say (its
// migrations do).
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** As every actor has it, without an index of `due_at`: even a run of many branches has few timers. */
export const timers = sqliteTable("timers", {
  id: text("id").primaryKey(),
  kind: text("kind").notNull(),
  dueAt: integer("due_at").notNull(),
  data: text("data").notNull(),
  failures: integer("failures").notNull().default(0),
});

/** As every actor has it, without AUTOINCREMENT. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: integer("id").primaryKey(),
    receiver: text("receiver").notNull(),
    method: text("method").notNull(),
    args: text("args").notNull(),
    attempts: integer("attempts").notNull().default(0),
    dueAt: integer("due_at").notNull(),
    lastError: text("last_error"),
    parked: integer("parked").notNull().default(0),
  },
  (table) => [index("outbox_order").on(table.parked, table.receiver, table.id)],
);

/**
 * One row a part: `start` (what it begins with, without the program), `program`, `standstill` (why it is stuck),
 * `origin`; and `inbox/<n>`, what reached the run while its engine could not take it: nothing that was acknowledged is
 * lost.
 */
export const parts = sqliteTable("parts", {
  name: text("name").primaryKey(),
  /** JSON. */
  value: text("value").notNull(),
});

/** The append-only record of docs/journal.md: a row for the records of one commit, or for as many as fit. */
export const journal = sqliteTable("journal", {
  /** Of the first record in the row. */
  seq: integer("seq").primaryKey(),
  /** JSON: see durable-objects/workflow-run/journal-row.ts. */
  record: text("record").notNull(),
});

export const logLines = sqliteTable("log_lines", {
  seq: integer("seq").primaryKey(),
  at: integer("at").notNull(),
  command: text("command"),
  attempt: integer("attempt"),
  /** `script` or `function`. */
  stream: text("stream").notNull(),
  text: text("text").notNull(),
  /** 1 when it goes on the line before it of the same command and attempt, which was too long for one row. */
  continues: integer("continues"),
});

/** What the function of each attempt has told of itself so far. */
export const attempts = sqliteTable(
  "attempts",
  {
    command: text("command").notNull(),
    attempt: integer("attempt").notNull(),
    /** Bytes of its log taken so far, in UTF-8: what makes a repeated chunk change nothing. */
    bytes: integer("bytes").notNull().default(0),
    /** The last line, as long as nothing ends it: what of it does not stand in `log_lines` yet. */
    partial: text("partial").notNull().default(""),
    /** 1 when the beginning of that line does. */
    begun: integer("begun").notNull().default(0),
    /** JSON: the last progress that it reported. */
    progress: text("progress"),
  },
  (table) => [primaryKey({ columns: [table.command, table.attempt] })],
);
