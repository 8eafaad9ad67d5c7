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
    /** 1 when a secret of the run stands in the filter or in the match. */
    isSensitive: integer("is_sensitive").notNull().default(0),
    afterSeq: integer("after_seq").notNull(),
    registeredAt: integer("registered_at").notNull(),
    /**
     * looking: not through yet with what had arrived before; open: no event yet; sent: `seq` is on its way; taken: the run
     * has consumed `seq`; over: nobody waits any more.
     */
    state: text("state", { enum: ["looking", "open", "sent", "taken", "over"] }).notNull(),
    seq: integer("seq"),
    /** Of what arrived after `afterSeq` and up to here, nothing is for this wait that its run has not consumed. */
    lookedSeq: integer("looked_seq").notNull().default(0),
    /** The lineage of its run, where that goes on from another. */
    first: text("first"),
    generation: integer("generation"),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.command] }),
    index("waits_open").on(table.isPrefix, table.type).where(sql`state = 'open'`),
    index("waits_looking").on(table.run).where(sql`state = 'looking'`),
    index("waits_looked").on(table.run, table.type, table.lookedSeq),
    index("waits_by_event").on(table.seq, table.run).where(sql`seq IS NOT NULL`),
    index("waits_over").on(table.registeredAt).where(sql`state = 'over'`),
  ],
);

/** What runs that went on as another have consumed: later ones of the lineage do not get it again. */
export const lineageEvents = sqliteTable(
  "lineage_events",
  {
    /** The first run of the lineage. */
    first: text("first").notNull(),
    seq: integer("seq").notNull(),
    /** Of the run that has consumed it. */
    generation: integer("generation").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.first, table.seq] }),
    index("lineage_events_by_event").on(table.seq),
  ],
);

/**
 * Starts that a trigger's flow control has a say in, from the event that asks for one until retention removes it.
 * A trigger without flow control needs no row: its runs start in the turn of the event.
 */
export const starts = sqliteTable(
  "starts",
  {
    run: text("run").primaryKey(),
    trigger: text("trigger_id").notNull(),
    workflow: text("workflow").notNull(),
    /** Of the version that was current at its last event; so is the definition. */
    digest: text("digest").notNull(),
    /** JSON: the Trigger. */
    definition: text("definition").notNull(),
    initiator: text("initiator").notNull(),
    /** See StartState in src/protocol/start.ts. */
    state: text("state").notNull(),
    reason: text("reason").notNull(),
    /** Starts that collect events are told apart by this. */
    gatherKey: text("gather_key"),
    /** What its permit is one of. */
    permitScope: text("permit_scope"),
    /** What it needs a place in; while it is started, it holds one. */
    placeGroup: text("place_group"),
    /** 1 once its run has been asked to end. */
    isCancelled: integer("is_cancelled").notNull().default(0),
    priority: integer("priority").notNull(),
    /** Of its last event. */
    arrival: integer("arrival").notNull(),
    events: integer("events").notNull(),
    /** UTF-16 units of its events as JSON. */
    length: integer("length").notNull(),
    /** Events of starts that were superseded in its favour. */
    merged: integer("merged").notNull().default(0),
    /** The run that goes on as this one and begins it. */
    continues: text("continues"),
    /** JSON: the run and command that asked for it. */
    parent: text("parent"),
    createdAt: integer("created_at").notNull(),
    changedAt: integer("changed_at").notNull(),
    dueAt: integer("due_at"),
  },
  (table) => [
    index("starts_gathering").on(table.trigger, table.gatherKey).where(sql`state = 'gathering'`),
    index("starts_limited")
      .on(table.permitScope, sql`priority DESC`, table.arrival, table.run)
      .where(sql`state = 'limited'`),
    // A query uses a partial index only where it says the index's own condition.
    index("starts_queued").on(table.placeGroup, table.arrival, table.run).where(sql`state = 'queued'`),
    index("starts_holding")
      .on(table.placeGroup, table.arrival)
      .where(sql`state = 'started' AND place_group IS NOT NULL`),
    index("starts_pending").on(table.createdAt).where(sql`state IN ('gathering', 'limited', 'queued')`),
    index("starts_by_age").on(table.createdAt),
  ],
);

/** Which events stand behind a start. */
export const startEvents = sqliteTable(
  "start_events",
  { run: text("run").notNull(), seq: integer("seq").notNull() },
  (table) => [primaryKey({ columns: [table.run, table.seq] }), index("start_events_by_event").on(table.seq)],
);

/** When permits of a rate limit were given, as far back as they count. */
export const permits = sqliteTable(
  "permits",
  { scope: text("scope").notNull(), at: integer("at").notNull() },
  (table) => [index("permits_by_scope").on(table.scope, table.at)],
);

/** Starts of a trigger that were dropped since the last that began: the next one is told. */
export const dropCounts = sqliteTable("drop_counts", {
  trigger: text("trigger_id").primaryKey(),
  dropped: integer("dropped").notNull(),
});

/** One per trigger of `on_schedule`. */
export const schedules = sqliteTable(
  "schedules",
  {
    /** The trigger's id. */
    id: text("id").primaryKey(),
    workflow: text("workflow").notNull(),
    /** JSON: the Schedule. */
    definition: text("definition").notNull(),
    /** The first time that it has not fired for; null when there is none any more. */
    nextTime: integer("next_time"),
    /** The last time that it has fired for, and the arrival number of that event. */
    lastTime: integer("last_time"),
    lastSeq: integer("last_seq"),
    pausedAt: integer("paused_at"),
    pausedBy: text("paused_by"),
    pauseReason: text("pause_reason"),
  },
  (table) => [index("schedules_by_workflow").on(table.workflow)],
);
