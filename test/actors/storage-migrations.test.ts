import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { expect, test } from "vitest";
import real from "../../migrations/workflow-run/migrations.js";
import { applyMigrations, hasTables, type Migrations } from "../../src/storage/migrations.ts";

async function inObject(body: (storage: DurableObjectStorage) => Promise<void> | void): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, { storage }) => await body(storage));
}

const schemaOf = (storage: DurableObjectStorage) =>
  storage.sql
    .exec(
      "SELECT type, name, tbl_name, replace(replace(sql, char(9), ''), char(10), '') AS sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE '%drizzle%' ORDER BY name",
    )
    .toArray();

const grown: Migrations = {
  journal: {
    entries: [
      { idx: 0, when: 100, tag: "0000_first" },
      { idx: 1, when: 200, tag: "0001_second" },
    ],
  },
  migrations: {
    m0000: "CREATE TABLE a (x integer);\n--> statement-breakpoint\nCREATE TABLE b (x integer);",
    m0001: "ALTER TABLE a ADD y text",
  },
};
const young: Migrations = { ...grown, journal: { entries: grown.journal.entries.slice(0, 1) } };
const columnsOfA = (storage: DurableObjectStorage) =>
  storage.sql
    .exec<{ name: string }>("SELECT name FROM pragma_table_info('a')")
    .toArray()
    .map(({ name }) => name);

test("makes the same tables as drizzle's migrator, and either takes up where the other left off", async () => {
  let ours: unknown[] = [];
  await inObject(async (storage) => {
    expect(hasTables(storage.sql)).toBe(false);
    applyMigrations(storage, real);
    ours = schemaOf(storage);
    await migrate(drizzle(storage), real);
    expect(schemaOf(storage)).toEqual(ours);
  });
  await inObject(async (storage) => {
    await migrate(drizzle(storage), real);
    expect(schemaOf(storage)).toEqual(ours);
    expect(hasTables(storage.sql)).toBe(true);
    applyMigrations(storage, real);
    expect(schemaOf(storage)).toEqual(ours);
  });
  expect(ours.length).toBeGreaterThan(5);
});

test("applies each migration once, the missing ones to an object that has some", () =>
  inObject((storage) => {
    applyMigrations(storage, young);
    applyMigrations(storage, young);
    expect(columnsOfA(storage)).toEqual(["x"]);
    applyMigrations(storage, grown);
    applyMigrations(storage, grown);
    expect(columnsOfA(storage)).toEqual(["x", "y"]);
  }));

test("applies all or nothing", () =>
  inObject((storage) => {
    const broken = { ...grown, migrations: { ...grown.migrations, m0001: "ALTER TABLE nowhere ADD y text" } };
    expect(() => applyMigrations(storage, broken)).toThrow("nowhere");
    expect(hasTables(storage.sql)).toBe(false);
    applyMigrations(storage, grown);
    expect(columnsOfA(storage)).toEqual(["x", "y"]);
  }));

test("a migration that was not bundled is a failure, not a gap", () =>
  inObject((storage) => {
    const incomplete = { ...grown, migrations: { m0000: "CREATE TABLE a (x integer)" } };
    expect(() => applyMigrations(storage, incomplete)).toThrow("0001_second");
  }));
