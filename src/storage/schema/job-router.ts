import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

/** Every job of the pool: queued, with a runner, or finished a while ago and kept to answer late runners. */
export const jobs = sqliteTable(
  "jobs",
  {
    /** Order of arrival; a job that comes back keeps it, and so its place. */
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    id: text("id").notNull().unique(),
    run: text("run").notNull(),
    command: text("command").notNull(),
    attempt: integer("attempt").notNull(),
    reference: text("reference").notNull(),
    /** JSON; emptied when the job is finished. */
    inputs: text("inputs").notNull(),
    /** JSON: the sensitive places of `inputs`, where there are some. */
    sensitiveInputs: text("sensitive_inputs"),
    environment: text("environment"),
    timeoutMs: integer("timeout_ms").notNull(),
    queueTimeoutMs: integer("queue_timeout_ms").notNull(),
    /** The lane: canonical JSON of the sorted tags. */
    lane: text("lane").notNull(),
    idempotencyKey: text("idempotency_key").notNull(),
    traceparent: text("traceparent"),
    state: text("state").notNull(),
    queueUntil: integer("queue_until").notNull().default(0),
    queuedAt: integer("queued_at").notNull(),
    handovers: integer("handovers").notNull().default(0),
    lease: text("lease").notNull().default(""),
    leaseUntil: integer("lease_until").notNull().default(0),
    spared: integer("spared").notNull().default(0),
    /** Key of the runner that has it, as in `runners`. */
    runner: text("runner").notNull().default(""),
    beganAt: integer("began_at").notNull().default(0),
    cancelRequested: integer("cancel_requested").notNull().default(0),
    resolved: text("resolved").notNull().default(""),
    cause: text("cause").notNull().default(""),
    outcomeDigest: text("outcome_digest").notNull().default(""),
    finishedAt: integer("finished_at").notNull().default(0),
    priority: integer("priority").notNull().default(0),
    /**
     * Where it stands in the queue: `placeOf` of src/jobs/queue.ts. What was queued before there were places goes first.
     */
    place: integer("place").notNull().default(0),
  },
  (table) => [
    index("jobs_lane").on(table.state, table.lane, table.place, table.seq),
    index("jobs_finished").on(table.state, table.finishedAt),
  ],
);

/** Who polls here, for people to see. */
export const runners = sqliteTable("runners", {
  /** `<subject>/<name>`: two tokens may have runners of one name. */
  key: text("key").primaryKey(),
  /** JSON of RunnerInfo. */
  info: text("info").notNull(),
  lastSeenAt: integer("last_seen_at").notNull(),
});
