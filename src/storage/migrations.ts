// Applies an actor's generated migrations in one turn and one write. drizzle's own migrator works through them
// statement by statement, which is most of what it costs to create an object; the table it keeps is kept here too.

/** What drizzle-kit generates as `migrations.js`. */
export interface Migrations {
  journal: { entries: { idx: number; when: number; tag: string }[] };
  /** SQL by `m0000`, `m0001`, … */
  migrations: Record<string, string>;
}

const TABLE = "__drizzle_migrations";

/** True when an object has been migrated before: when there is anything in it. */
export function hasTables(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", TABLE).toArray().length > 0;
}

/** Applies what has not been applied yet, all or nothing. Synchronous, so that it can share a write with what follows. */
export function applyMigrations(storage: DurableObjectStorage, { journal, migrations }: Migrations): void {
  const { sql } = storage;
  const isFirst = !hasTables(sql);
  const applied = isFirst
    ? 0
    : Number(
        sql.exec<{ last: number | null }>(`SELECT MAX(created_at) AS last FROM ${TABLE}`).one().last ?? 0,
      );
  const missing = journal.entries.filter(({ when }) => when > applied);
  if (missing.length === 0) return;
  const statements = missing.map(({ idx, tag, when }) => {
    const text = migrations[`m${String(idx).padStart(4, "0")}`];
    if (text === undefined) throw new Error(`the migration ${tag} is not in the bundle`);
    return `${text};\nINSERT INTO ${TABLE} (hash, created_at) VALUES ('', ${when});`;
  });
  if (isFirst) {
    statements.unshift(
      `CREATE TABLE ${TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);`,
    );
  }
  storage.transactionSync(() => sql.exec(statements.join("\n")));
}
