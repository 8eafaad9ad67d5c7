// Inputs that were acknowledged while the engine could not take them, in order of arrival.
import type { RunInput } from "../../src/workflow/machine-types.ts";

export class Inbox {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(input: RunInput): void {
    this.#sql.exec("INSERT INTO inbox (input) VALUES (?)", JSON.stringify(input));
  }

  oldest(): { id: number; input: RunInput } | undefined {
    const row = this.#sql
      .exec<{ id: number; input: string }>("SELECT id, input FROM inbox ORDER BY id LIMIT 1")
      .toArray()[0];
    return row && { id: row.id, input: JSON.parse(row.input) as RunInput };
  }

  remove(id: number): void {
    this.#sql.exec("DELETE FROM inbox WHERE id = ?", id);
  }
}
