// Run summaries: newest version wins, lists by keyset in the order of their index.
import type { RunSummary } from "../../src/protocol/run.ts";
import type { RunFilter } from "../rpc.ts";

type Position = { createdAt: number; id: string };
type Row = { id: string; created_at: number; body: string };

export class RunRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps the summary, unless a newer one is known. */
  put(run: RunSummary): void {
    const known = this.#sql
      .exec<{ version: number }>("SELECT version FROM runs WHERE id = ?", run.id)
      .toArray()[0];
    if (known && known.version >= run.version) return;
    this.#sql.exec(
      `INSERT OR REPLACE INTO runs (id, created_at, finished_at, state, workflow, initiator, version, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      run.id,
      run.createdAt,
      run.finishedAt ?? null,
      run.state,
      run.workflow,
      run.initiator,
      run.version,
      JSON.stringify(run),
    );
    for (const environment of run.environments) {
      this.#sql.exec(
        "INSERT OR IGNORE INTO run_environments (environment, created_at, run) VALUES (?, ?, ?)",
        environment,
        run.createdAt,
        run.id,
      );
    }
  }

  page(filter: RunFilter): { runs: RunSummary[]; next?: Position } {
    // One query per state, so that each walks its index in order; then the newest of all of them.
    const rows = (filter.state?.length ? filter.state : [undefined])
      .flatMap((state) => this.#rows(filter, state))
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
    const page = rows.slice(0, filter.limit);
    const last = page.at(-1);
    return {
      runs: page.map(({ body }) => JSON.parse(body) as RunSummary),
      ...(rows.length > filter.limit && last && { next: { createdAt: last.created_at, id: last.id } }),
    };
  }

  #rows(filter: RunFilter, state: string | undefined): Row[] {
    const { environment, before } = filter;
    const conditions: [condition: string, ...values: (string | number)[]][] = [];
    if (environment !== undefined) conditions.push(["touched.environment = ?", environment]);
    if (state !== undefined) conditions.push(["runs.state = ?", state]);
    if (filter.workflow !== undefined) conditions.push(["runs.workflow = ?", filter.workflow]);
    if (filter.initiator !== undefined) conditions.push(["runs.initiator = ?", filter.initiator]);
    const order = environment === undefined ? "runs.created_at, runs.id" : "touched.created_at, touched.run";
    if (before) conditions.push([`(${order}) < (?, ?)`, before.createdAt, before.id]);
    const where = conditions.map(([condition]) => condition).join(" AND ");
    return this.#sql
      .exec<Row>(
        `SELECT runs.id, runs.created_at, runs.body
         FROM ${environment === undefined ? "runs" : "run_environments AS touched CROSS JOIN runs ON runs.id = touched.run"}
         ${where === "" ? "" : `WHERE ${where}`}
         ORDER BY ${order.replace(",", " DESC,")} DESC LIMIT ?`,
        ...conditions.flatMap(([, ...values]) => values),
        filter.limit + 1,
      )
      .toArray();
  }

  /** Forgets runs that ended before `endedBefore`, at most `limit` of them; answers how many. */
  prune(endedBefore: number, limit: number): number {
    const old = this.#sql
      .exec<{ id: string }>("SELECT id FROM runs WHERE finished_at < ? LIMIT ?", endedBefore, limit)
      .toArray();
    for (const { id } of old) {
      this.#sql.exec(
        "DELETE FROM run_environments WHERE run = ? AND created_at = (SELECT created_at FROM runs WHERE id = ?)",
        id,
        id,
      );
      this.#sql.exec("DELETE FROM runs WHERE id = ?", id);
    }
    return old.length;
  }
}
