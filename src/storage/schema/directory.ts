// Read models over everything in a workspace, and the tokens. All but the tokens can be rebuilt from the actors.
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

/**
 * Lists filter by any of workflow, state, initiator and environment. Each index begins with one of them and the
 * state, goes on in the order of lists, and ends with the others, so that a list reads nothing but its index.
 */
export const runs = sqliteTable(
  "runs",
  {
    id: text("id").primaryKey(),
    createdAt: integer("created_at").notNull(),
    finishedAt: integer("finished_at"),
    state: text("state").notNull(),
    workflow: text("workflow").notNull(),
    initiator: text("initiator").notNull(),
    /** The run that started it, where one did. */
    parent: text("parent"),
    /** Of the summary; an older one that arrives late is ignored. */
    version: integer("version").notNull(),
    /** JSON: a RunSummary. */
    body: text("body").notNull(),
    /** 1 once its object was told that it has been over for long enough to be given up. */
    retireAsked: integer("retire_asked"),
    /** Where it stands in `run_search`, in the order of creation; null as long as it has not been taken in there. */
    doc: integer("doc"),
  },
  (table) => [
    uniqueIndex("runs_by_doc").on(table.doc).where(sql`doc IS NOT NULL`),
    index("runs_without_doc").on(table.createdAt).where(sql`doc IS NULL`),
    index("runs_by_state").on(table.state, table.createdAt, table.id),
    index("runs_by_workflow").on(table.workflow, table.state, table.createdAt, table.id, table.initiator),
    index("runs_by_initiator").on(table.initiator, table.state, table.createdAt, table.id),
    index("runs_by_parent")
      .on(table.parent, table.state, table.createdAt, table.id)
      .where(sql`parent IS NOT NULL`),
    index("runs_by_end").on(table.finishedAt).where(sql`finished_at IS NOT NULL`),
    index("runs_to_retire").on(table.finishedAt).where(sql`finished_at IS NOT NULL AND retire_asked IS NULL`),
  ],
);

// `run_search` is a virtual table, which drizzle cannot describe: a migration by hand makes it. Its row ids are `doc`,
// its `terms` what durable-objects/directory/run-search.ts makes of a run.

/** Which environments a run touched, with what lists filter by. */
export const runEnvironments = sqliteTable(
  "run_environments",
  {
    run: text("run").notNull(),
    environment: text("environment").notNull(),
    state: text("state").notNull(),
    createdAt: integer("created_at").notNull(),
    workflow: text("workflow").notNull(),
    initiator: text("initiator").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.environment] }),
    index("runs_by_environment").on(
      table.environment,
      table.state,
      table.createdAt,
      table.run,
      table.workflow,
      table.initiator,
    ),
  ],
);

/** The labels that runs have given themselves, with what lists filter by. */
export const runLabels = sqliteTable(
  "run_labels",
  {
    run: text("run").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    state: text("state").notNull(),
    createdAt: integer("created_at").notNull(),
    workflow: text("workflow").notNull(),
    initiator: text("initiator").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.key] }),
    index("runs_by_label").on(table.key, table.value, table.state, table.createdAt, table.run),
  ],
);

export const forms = sqliteTable(
  "forms",
  {
    id: text("id").primaryKey(),
    openedAt: integer("opened_at").notNull(),
    state: text("state").notNull(),
    /** JSON: a Form. */
    body: text("body").notNull(),
  },
  (table) => [
    index("forms_by_age").on(table.openedAt, table.id),
    index("forms_by_state").on(table.state, table.openedAt, table.id),
  ],
);

/** Locks that somebody holds or waits for. */
export const locks = sqliteTable("locks", {
  key: text("key").primaryKey(),
  version: integer("version").notNull(),
  /** JSON: a LockView. */
  body: text("body").notNull(),
});

export const approvals = sqliteTable(
  "approvals",
  {
    id: text("id").primaryKey(),
    openedAt: integer("opened_at").notNull(),
    state: text("state").notNull(),
    /** JSON: an Approval. */
    body: text("body").notNull(),
  },
  (table) => [
    index("approvals_by_age").on(table.openedAt, table.id),
    index("approvals_by_state").on(table.state, table.openedAt, table.id),
  ],
);

export const environments = sqliteTable("environments", {
  name: text("name").primaryKey(),
  version: integer("version").notNull(),
  /** JSON: an EnvironmentView; null once it was removed. */
  body: text("body"),
});

/**
 * What changed last, each thing at most once: a dashboard that was away asks for what comes after its cursor. Only the
 * newest are kept; who was away for longer starts over.
 */
export const changes = sqliteTable(
  "changes",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    kind: text("kind").notNull(),
    id: text("id").notNull(),
  },
  (table) => [uniqueIndex("changes_by_thing").on(table.kind, table.id)],
);

export const audit = sqliteTable(
  "audit",
  {
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    /** Of the entry: the same entry again changes nothing. */
    key: text("key").notNull().unique(),
    at: integer("at").notNull(),
    /** JSON: an AuditEntry. */
    body: text("body").notNull(),
  },
  (table) => [index("audit_by_age").on(table.at)],
);

export const tokens = sqliteTable("tokens", {
  id: text("id").primaryKey(),
  /** SHA-256 of the token, hexadecimal. The token itself is nowhere. */
  digest: text("digest").notNull().unique(),
  subject: text("subject").notNull(),
  role: text("role").notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at"),
  lastUsedAt: integer("last_used_at"),
  /** JSON: the only tags that its runners may ask for work with; null: any. */
  tags: text("tags"),
});
