import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

/** Everything that reached the workspace. `seq` is the order of arrival, and never used twice. */
export const events = sqliteTable(
  "events",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    source: text("source").notNull(),
    id: text("id").notNull(),
    type: text("type").notNull(),
    receivedAt: integer("received_at").notNull(),
    /** Who is to be taken for the cause of what the event starts. */
    initiator: text("initiator").notNull(),
    /** JSON: the CloudEvent. */
    body: text("body").notNull(),
    /** JSON: what the event started and woke when it arrived, without its identity. */
    receipt: text("receipt").notNull(),
  },
  (table) => [
    uniqueIndex("events_identity").on(table.source, table.id),
    index("events_by_type").on(table.type, table.seq),
    index("events_by_age").on(table.receivedAt),
  ],
);

/** The newest version of each workflow that the catalog has told. No digest: it was removed. */
export const workflows = sqliteTable("workflows", {
  name: text("name").primaryKey(),
  version: integer("version").notNull(),
  digest: text("digest"),
});

export const triggers = sqliteTable(
  "triggers",
  {
    id: text("id").primaryKey(),
    workflow: text("workflow").notNull(),
    /** JSON: the Trigger. */
    definition: text("definition").notNull(),
    /** On how many events its filter failed, and how last. */
    failures: integer("failures").notNull().default(0),
    lastFailure: text("last_failure"),
  },
  (table) => [index("triggers_by_workflow").on(table.workflow)],
);

/** The programs that start messages are filled with when they are sent. */
export const programs = sqliteTable("programs", {
  digest: text("digest").primaryKey(),
  /** JSON: the ProgramSource. */
  program: text("program").notNull(),
  /** Since when no workflow uses it; messages on their way still may. */
  unusedSince: integer("unused_since"),
});

/**
 * Every wait that a run has registered, until the run is forgotten; so a repeated registration is recognised, and
 * which events the run has consumed is known.
 */
export const waits = sqliteTable(
  "waits",
  {
    run: text("run").notNull(),
    command: text("command").notNull(),
    type: text("type").notNull(),
    /** 1 when `type` ends in `*`. */
    isPrefix: integer("is_prefix").notNull(),
    filter: text("filter"),
    /** JSON. */
    match: text("match"),
    afterSeq: integer("after_seq").notNull(),
    registeredAt: integer("registered_at").notNull(),
    /** open: no event yet; sent: `seq` is on its way; taken: the run has consumed `seq`; over: nobody waits any more. */
    state: text("state", { enum: ["open", "sent", "taken", "over"] }).notNull(),
    seq: integer("seq"),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.command] }),
    index("waits_open").on(table.isPrefix, table.type).where(sql`state = 'open'`),
  ],
);
