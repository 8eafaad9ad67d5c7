// One lock.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

export const lock = sqliteTable("lock", {
  /** Always 1: there is one. */
  id: integer("id").primaryKey(),
  key: text("key").notNull(),
  /** Grows with every change that people can see. */
  version: integer("version").notNull(),
});

/** Everybody who has asked for the lock: `waiting`, `held`, or `over`, kept a while so that nothing late revives it. */
export const claims = sqliteTable(
  "claims",
  {
    /** The order of asking, in which the lock is granted. */
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    /** `<run>#<command>`. */
    claimant: text("claimant").notNull().unique(),
    state: text("state", { enum: ["waiting", "held", "over"] }).notNull(),
    /** How many may hold the lock together. */
    limit: integer("limit").notNull(),
    run: text("run").notNull(),
    command: text("command").notNull(),
    workflow: text("workflow").notNull(),
    requestedAt: integer("requested_at").notNull(),
    grantedAt: integer("granted_at"),
    overAt: integer("over_at"),
  },
  (table) => [
    index("claims_by_state").on(table.state, table.seq),
    index("claims_over").on(table.state, table.overAt),
  ],
);
