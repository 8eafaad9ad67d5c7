import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { expect, test } from "vitest";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import { applyMigrations, hasTables, type Migrations } from "../../src/storage/migrations.ts";

async function inObject(body: (storage: DurableObjectStorage) => Promise<void> | void): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, { storage }) => await body(storage));
}

const schemaOf = (storage: DurableObjectStorage) =>
  storage.sql
    .exec(
      "SELECT type, name, tbl_name, replace(replace(sql, char(9), ''), char(10), '') AS sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE '%drizzle%' AND name <> 'sqlite_sequence' ORDER BY name",
    )
    .toArray();

/** As it was when it had only the first `count` migrations. */
function asOf({ journal, migrations }: Migrations, count: number): Migrations {
  return { journal: { entries: journal.entries.slice(0, count) }, migrations };
}

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
const young = asOf(grown, 1);
const columnsOfA = (storage: DurableObjectStorage) =>
  storage.sql
    .exec<{ name: string }>("SELECT name FROM pragma_table_info('a')")
    .toArray()
    .map(({ name }) => name);

test("makes the same tables as drizzle's migrator, and either takes up where the other left off", async () => {
  let ours: unknown[] = [];
  await inObject(async (storage) => {
    expect(hasTables(storage.sql)).toBe(false);
    expect(applyMigrations(storage, tables)).toBe(true);
    ours = schemaOf(storage);
    await migrate(drizzle(storage), tables);
    expect(schemaOf(storage)).toEqual(ours);
  });
  await inObject(async (storage) => {
    await migrate(drizzle(storage), tables);
    expect(schemaOf(storage)).toEqual(ours);
    expect(hasTables(storage.sql)).toBe(true);
    expect(applyMigrations(storage, tables)).toBe(false);
    expect(schemaOf(storage)).toEqual(ours);
  });
  expect(ours.length).toBeGreaterThan(5);
});

test("a new object starts with the present schema, and holds no page of what came before", async () => {
  let [atOnce, byAndBy] = [0, 0];
  await inObject((storage) => {
    applyMigrations(storage, tables);
    atOnce = storage.sql.databaseSize;
  });
  await inObject((storage) => {
    applyMigrations(storage, asOf(tables, 1));
    applyMigrations(storage, tables);
    byAndBy = storage.sql.databaseSize;
  });
  expect(atOnce).toBeLessThan(byAndBy);
});

test("what a run of the first schema holds is there in the present one", () =>
  inObject((storage) => {
    const { sql } = storage;
    applyMigrations(storage, asOf(tables, 1));
    const rows = {
      inbox: [{ id: 7, input: "{}" }],
      journal: [{ seq: 1, record: "[]" }],
      log_lines: [{ seq: 3, at: 1, command: "0#1", attempt: 2, stream: "function", text: "line" }],
      log_tails: [{ command: "0#1", attempt: 2, bytes: 9, partial: "p" }],
      outbox: [
        {
          id: 5,
          receiver: "bus/",
          method: "ingest",
          args: "[]",
          attempts: 2,
          due_at: 9,
          last_error: "e",
          parked: 1,
        },
      ],
      parts: [{ name: "start", value: "{}" }],
      progress: [{ command: "0#1", attempt: 2, value: "{}" }],
      timers: [{ id: "t", kind: "k", due_at: 4, data: "null", failures: 1 }],
    };
    for (const [table, [row]] of Object.entries(rows)) {
      const [names, values] = [Object.keys(row ?? {}), Object.values(row ?? {})];
      const places = names.map(() => "?").join();
      sql.exec(`INSERT INTO ${table} (${names.join()}) VALUES (${places})`, ...values);
    }
    applyMigrations(storage, tables);
    const { inbox: _inbox, log_tails: _tails, progress: _progress, ...same } = rows;
    const present = {
      ...same,
      attempts: [{ command: "0#1", attempt: 2, bytes: 9, partial: "p", begun: 0, progress: "{}" }],
      parts: [{ name: "inbox/000000000007", value: "{}" }, ...rows.parts],
    };
    for (const [table, expected] of Object.entries(present)) {
      expect(sql.exec(`SELECT * FROM ${table}`).toArray()).toMatchObject(expected);
    }
  }));

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
