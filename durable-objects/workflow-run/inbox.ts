// Inputs that were acknowledged while the engine could not take them, in order of arrival: parts of the run, since a
// table of their own would be a page of every run.
import { assertFitsRow } from "../../src/storage/row-size.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";

/** Names are in the order of their numbers: `/` is followed by `0`. */
const IN_ORDER = "SELECT name, value FROM parts WHERE name > 'inbox/' AND name < 'inbox0' ORDER BY name";
const ADD = `
  INSERT INTO parts (name, value)
  SELECT printf('inbox/%012d', COALESCE(MAX(CAST(substr(name, 7) AS INTEGER)), 0) + 1), ?
  FROM parts WHERE name > 'inbox/' AND name < 'inbox0'`;

interface Kept {
  name: string;
  input: RunInput;
}

type Row = { name: string; value: string };

function kept({ name, value }: Row): Kept {
  return { name, input: JSON.parse(value) as RunInput };
}

export class Inbox {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(input: RunInput): void {
    const text = JSON.stringify(input);
    assertFitsRow(text, "what the run is told");
    this.#sql.exec(ADD, text);
  }

  oldest(): Kept | undefined {
    const row = this.#sql.exec<Row>(`${IN_ORDER} LIMIT 1`).toArray()[0];
    return row && kept(row);
  }

  all(): Kept[] {
    return this.#sql.exec<Row>(IN_ORDER).toArray().map(kept);
  }

  remove(name: string): void {
    this.#sql.exec("DELETE FROM parts WHERE name = ?", name);
  }
}
