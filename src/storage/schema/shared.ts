// Tables that every actor has. Each actor's schema file re-exports them, so they are part of its migrations.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What is due when. The object's one alarm is armed at the minimum over this table and the outbox. */
export const timers = sqliteTable(
  "timers",
  {
    /** Setting a timer again under its id moves it. */
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    dueAt: integer("due_at").notNull(),
    /** JSON. */
    data: text("data").notNull(),
    /** How often its handler has failed. */
    failures: integer("failures").notNull().default(0),
  },
  (table) => [index("timers_due").on(table.dueAt)],
);

/** Messages to other actors, written in the transaction of the change they announce. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    /** Messages to one receiver are delivered in order of `id`. */
    receiver: text("receiver").notNull(),
    method: text("method").notNull(),
    /** JSON: the call's arguments. */
    args: text("args").notNull(),
    attempts: integer("attempts").notNull().default(0),
    dueAt: integer("due_at").notNull(),
    lastError: text("last_error"),
    /**
     * 1 after too many failures: kept, shown, and delivered only when an operator retries it. 2 while whoever asked for
     * the change sees to it that it is delivered, and afterwards.
     */
    parked: integer("parked").notNull().default(0),
  },
  (table) => [index("outbox_order").on(table.parked, table.receiver, table.id)],
);
