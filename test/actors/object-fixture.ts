// What tests do to an object from the inside.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

/** Other bindings for the object, until it is evicted. */
export function bind(stub: DurableObjectStub, bindings: Partial<Env>): Promise<void> {
  return runInDurableObject(stub, (instance) => {
    const { env: bound } = instance as unknown as { env: Env };
    Object.assign(instance, { env: { ...bound, ...bindings } });
  });
}

/** The tables in the object's storage. */
export function tablesOf(stub: DurableObjectStub): Promise<string[]> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
      .toArray()
      .map(({ name }) => name),
  );
}

/** A directory's daily look at what has been kept for long enough, as if it were due. */
export async function dailyLook(directory: DurableObjectStub): Promise<void> {
  await runInDurableObject(directory, (_, { storage }) => {
    storage.sql.exec("UPDATE timers SET due_at = 1 WHERE id = 'retention'");
  });
  await runDurableObjectAlarm(directory);
}

/** How many rows of the storage are read by what `act` does. */
export async function rowsRead(sql: SqlStorage, act: () => unknown): Promise<number> {
  return await rowsOf("rowsRead", sql, act);
}

export async function rowsWritten(sql: SqlStorage, act: () => unknown): Promise<number> {
  return await rowsOf("rowsWritten", sql, act);
}

async function rowsOf(
  what: "rowsRead" | "rowsWritten",
  sql: SqlStorage,
  act: () => unknown,
): Promise<number> {
  const queries = vi.spyOn(Object.getPrototypeOf(sql) as SqlStorage, "exec");
  try {
    await act();
    const cursors = queries.mock.results.map(({ value }) => value as SqlStorageCursor<never>);
    return cursors.reduce((sum, cursor) => sum + cursor[what], 0);
  } finally {
    queries.mockRestore();
  }
}
