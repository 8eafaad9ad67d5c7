import { integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

export { outbox, timers } from "./shared.ts";

/** The newest version of every workflow. A removed one keeps its row: its versions go on counting. */
export const workflows = sqliteTable("workflows", {
  name: text("name").primaryKey(),
  version: integer("version").notNull(),
  digest: text("digest").notNull(),
  entry: text("entry").notNull(),
  /** JSON: Trigger[]. */
  triggers: text("triggers").notNull(),
  updatedAt: integer("updated_at").notNull(),
  /** 1 when it was removed: that, too, is a version. */
  removed: integer("removed").notNull().default(0),
});

/** What was registered when and by whom. */
export const versions = sqliteTable(
  "versions",
  {
    name: text("name").notNull(),
    version: integer("version").notNull(),
    /** Absent for a removal. */
    digest: text("digest"),
    by: text("by").notNull(),
    at: integer("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
);

export const programs = sqliteTable("programs", {
  digest: text("digest").primaryKey(),
  /** JSON: the ProgramSource. */
  program: text("program").notNull(),
});

export const functions = sqliteTable("functions", {
  name: text("name").primaryKey(),
  trustScore: real("trust_score").notNull(),
  description: text("description").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/** Which inputs of a function its runners have called sensitive, whatever its version. */
export const sensitiveInputs = sqliteTable("sensitive_inputs", {
  function: text("function").primaryKey(),
  /** JSON: string[]. */
  inputs: text("inputs").notNull(),
});

/** The index of environments: which calls each governs. Fed by the environments themselves. */
export const targets = sqliteTable("targets", {
  environment: text("environment").primaryKey(),
  version: integer("version").notNull(),
  /** JSON: Target[]. Absent: the environment was removed. */
  targets: text("targets"),
});
