// One environment.
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

export const environment = sqliteTable("environment", {
  /** Always 1: there is one. */
  id: integer("id").primaryKey(),
  /** JSON: an EnvironmentView. */
  view: text("view").notNull(),
  /** 1 once it was removed; its version goes on counting if it is made again. */
  removed: integer("removed").notNull().default(0),
});

/** Deployments taken in, by `<run>/<command>`: what makes a repeated message change nothing. */
export const recorded = sqliteTable("recorded", {
  key: text("key").primaryKey(),
  at: integer("at").notNull(),
});
