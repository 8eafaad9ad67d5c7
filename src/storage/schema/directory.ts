// Read models over everything in a workspace, and the tokens. All but the tokens can be rebuilt from the actors.
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

export const runs = sqliteTable(
  "runs",
  {
    id: text("id").primaryKey(),
    createdAt: integer("created_at").notNull(),
    finishedAt: integer("finished_at"),
    state: text("state").notNull(),
    workflow: text("workflow").notNull(),
    initiator: text("initiator").notNull(),
    /** Of the summary; an older one that arrives late is ignored. */
    version: integer("version").notNull(),
    /** JSON: a RunSummary. */
    body: text("body").notNull(),
  },
  (table) => [
    index("runs_by_age").on(table.createdAt, table.id),
    index("runs_by_state").on(table.state, table.createdAt, table.id),
    index("runs_by_workflow").on(table.workflow, table.createdAt, table.id),
    index("runs_by_initiator").on(table.initiator, table.createdAt, table.id),
    index("runs_by_end").on(table.finishedAt),
  ],
);

/** Which environments a run touched: one row each, so that the filter is an index. */
export const runEnvironments = sqliteTable(
  "run_environments",
  {
    environment: text("environment").notNull(),
    createdAt: integer("created_at").notNull(),
    run: text("run").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.createdAt, table.run] })],
);

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
});
