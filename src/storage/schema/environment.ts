// One environment.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

export const environment = sqliteTable("environment", {
  /** Always 1: there is one. */
  id: integer("id").primaryKey(),
  /** JSON: an EnvironmentView. */
  view: text("view").notNull(),
  /** 1 once it was removed; its version goes on counting if it is made again. */
  removed: integer("removed").notNull().default(0),
  /** JSON: the freezes that were announced as in force, and whose end is not announced yet. */
  announced: text("announced").notNull().default("[]"),
});

/** Every deployment taken in: the history, and what makes a repeated message change nothing. */
export const deployments = sqliteTable(
  "deployments",
  {
    /** `<run>/<command>`. */
    key: text("key").primaryKey(),
    at: integer("at").notNull(),
    /** JSON: a Deployment. */
    body: text("body").notNull(),
  },
  (table) => [index("deployments_by_age").on(table.at)],
);

/** Every change of an app's health, as it was seen. */
export const healthChanges = sqliteTable(
  "health_changes",
  {
    /** The arrival number of the event that reported it. */
    seq: integer("seq").primaryKey(),
    at: integer("at").notNull(),
    /** JSON: a HealthChange. */
    body: text("body").notNull(),
  },
  (table) => [index("health_changes_by_age").on(table.at)],
);
