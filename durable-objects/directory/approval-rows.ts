// Approvals, as the runs that own them last told.
import type { Approval } from "../../src/protocol/policy.ts";
import { newestOpened, type OpenedFilter } from "./newest-opened.ts";

/** A list of approvals is one answer: inputs larger than this are to be looked at in their run. */
const MAX_INPUTS_LENGTH = 64 * 1024;

function listed(approval: Approval): Approval {
  const { length } = JSON.stringify(approval.inputs);
  if (length <= MAX_INPUTS_LENGTH) return approval;
  return { ...approval, inputs: `${length} characters of inputs, shown with the run` };
}

export class ApprovalRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps the approval; one that was decided never waits again, whatever arrives late. */
  put(approval: Approval): void {
    this.#sql.exec(
      `INSERT INTO approvals (id, opened_at, state, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body WHERE approvals.state = 'pending'`,
      approval.id,
      approval.openedAt,
      approval.state,
      JSON.stringify(listed(approval)),
    );
  }

  named(ids: readonly string[]): Approval[] {
    return this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM approvals WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ body }) => JSON.parse(body) as Approval);
  }

  newest(filter: OpenedFilter<Approval["state"]>): Approval[] {
    return newestOpened(this.#sql, "approvals", filter);
  }

  /** Forgets decided approvals opened before `openedBefore`, at most `limit` of them; answers how many. */
  prune(openedBefore: number, limit: number): number {
    return this.#sql.exec(
      `DELETE FROM approvals WHERE id IN
         (SELECT id FROM approvals WHERE opened_at < ? AND state <> 'pending' LIMIT ?)`,
      openedBefore,
      limit,
    ).rowsWritten;
  }
}
