// Forms, as the runs that own them last told.
import type { Form } from "../../src/protocol/form.ts";
import { newestOpened, type OpenedFilter } from "./newest-opened.ts";

export class FormRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps the form; one that was closed never opens again, whatever arrives late. */
  put(form: Form): void {
    // What was filled in can be read with the run.
    const { values: _, ...listed } = form;
    this.#sql.exec(
      `INSERT INTO forms (id, opened_at, state, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body WHERE forms.state = 'pending'`,
      form.id,
      form.openedAt,
      form.state,
      JSON.stringify(listed),
    );
  }

  newest(filter: OpenedFilter<Form["state"]>): Form[] {
    return newestOpened(this.#sql, "forms", filter);
  }

  /** Forgets closed forms opened before `openedBefore`, at most `limit` of them; answers how many. */
  prune(openedBefore: number, limit: number): number {
    return this.#sql.exec(
      `DELETE FROM forms WHERE id IN (SELECT id FROM forms WHERE opened_at < ? AND state <> 'pending' LIMIT ?)`,
      openedBefore,
      limit,
    ).rowsWritten;
  }
}
