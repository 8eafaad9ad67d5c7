// Applies an actor's generated migrations in one turn and one write. drizzle's own migrator works through them
// statement by statement, which is most of what it costs to create an object; the table it keeps is kept here too.

/** What drizzle-kit generates as `migrations.js`. */
export interface Migrations {
  journal: { entries: { idx: number; when: number; tag: string }[] };
  /** SQL by `m0000`, `m0001`, … */
  migrations: Record<string, string>;
  /** SQL of the schema that all of them lead to: a new object starts with it, and leaves no trace of what came before. */
  head?: string;
}

const TABLE = "__drizzle_migrations";

/** True when an object has been migrated before: when there is anything in it. */
export function hasTables(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", TABLE).toArray().length > 0;
}

/**
 * Applies what has not been applied yet, all or nothing; answers whether the object was new, and everything in it is
 * empty. Synchronous, so that it can share a write with what follows.
 */
export function applyMigrations(storage: DurableObjectStorage, from: Migrations): boolean {
  const { sql } = storage;
  const isNew = !hasTables(sql);
  const statements = isNew ? statementsOfNew(from) : statementsSince(lastApplied(sql), from);
  if (statements.length > 0) storage.transactionSync(() => sql.exec(statements.join("\n")));
  return isNew;
}

function lastApplied(sql: SqlStorage): number {
  const { last } = sql.exec<{ last: number | null }>(`SELECT MAX(created_at) AS last FROM ${TABLE}`).one();
  return Number(last ?? 0);
}

function statementsOfNew(from: Migrations): string[] {
  const create = `CREATE TABLE ${TABLE} (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric);`;
  const newest = from.journal.entries.at(-1);
  if (from.head === undefined || !newest) return [create, ...statementsSince(0, from)];
  // Whoever looks for what was applied looks for the newest.
  return [create, `${from.head};`, noteApplied(newest.when)];
}

function statementsSince(applied: number, { journal, migrations }: Migrations): string[] {
  return journal.entries
    .filter(({ when }) => when > applied)
    .map(({ idx, tag, when }) => {
      const text = migrations[`m${String(idx).padStart(4, "0")}`];
      if (text === undefined) throw new Error(`the migration ${tag} is not in the bundle`);
      return `${text};\n${noteApplied(when)}`;
    });
}

function noteApplied(when: number): string {
  return `INSERT INTO ${TABLE} (hash, created_at) VALUES ('', ${when});`;
}
