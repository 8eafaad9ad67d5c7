// The rows of one environment: what it is now, and every deployment it has seen.
import type { Freeze } from "../../src/environments/freeze.ts";
import type { Deployment, EnvironmentView } from "../../src/protocol/environment.ts";
import type { Health, HealthChange } from "../../src/protocol/health.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

/** A year and a month, as long as the directory's audit. */
const KEPT_MS = 400 * 24 * 3600_000;
/** One that flaps changes without end. */
const MAX_HEALTH_CHANGES = 10_000;

export interface StoredEnvironment {
  view: EnvironmentView;
  removed: boolean;
  /** The freezes that were announced as in force, and whose end is not announced yet. */
  announced: Freeze[];
}

export class EnvironmentRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined as long as the environment was never made. */
  get(): StoredEnvironment | undefined {
    const row = this.#sql
      .exec<{ view: string; removed: number; announced: string }>("SELECT * FROM environment WHERE id = 1")
      .toArray()[0];
    if (!row) return undefined;
    const view = JSON.parse(row.view) as Omit<EnvironmentView, "health"> & { health?: Health[] };
    return {
      // One that was stored before there were reports of health has none.
      view: { ...view, health: view.health ?? [] },
      removed: row.removed === 1,
      announced: JSON.parse(row.announced) as Freeze[],
    };
  }

  /** Throws `RowTooLarge`. */
  put({ view, removed, announced }: StoredEnvironment): void {
    const text = JSON.stringify(view);
    assertFitsRow(text, `the environment ${view.name}`);
    this.#sql.exec(
      "INSERT OR REPLACE INTO environment (id, view, removed, announced) VALUES (1, ?, ?, ?)",
      text,
      removed ? 1 : 0,
      JSON.stringify(announced),
    );
  }

  /** Newest first, one more than `limit` when there is more; with the key that tells those of one time apart. */
  history({
    before,
    limit,
  }: {
    before?: { at: number; key: string } | undefined;
    limit: number;
  }): (Deployment & { key: string })[] {
    return this.#sql
      .exec<{ key: string; body: string }>(
        `SELECT key, body FROM deployments WHERE (at, key) < (?, ?) ORDER BY at DESC, key DESC LIMIT ?`,
        before?.at ?? Number.MAX_SAFE_INTEGER,
        before?.key ?? "",
        limit + 1,
      )
      .toArray()
      .map(({ key, body }) => ({ ...(JSON.parse(body) as Deployment), key }));
  }

  /** False when this deployment is known already. Forgets those of more than a year before it. */
  record(key: string, deployment: Deployment): boolean {
    const { rowsWritten } = this.#sql.exec(
      "INSERT OR IGNORE INTO deployments (key, at, body) VALUES (?, ?, ?)",
      key,
      deployment.at,
      JSON.stringify(deployment),
    );
    if (rowsWritten === 0) return false;
    this.#sql.exec("DELETE FROM deployments WHERE at < ?", deployment.at - KEPT_MS);
    return true;
  }

  noteHealthChange(change: HealthChange): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO health_changes (seq, at, body) VALUES (?, ?, ?)",
      change.seq,
      change.since,
      JSON.stringify(change),
    );
    this.#sql.exec(
      `DELETE FROM health_changes WHERE at < ? OR seq <=
         (SELECT seq FROM health_changes ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      change.since - KEPT_MS,
      MAX_HEALTH_CHANGES,
    );
  }

  /** Newest first, one more than `limit` when there is more. */
  healthChanges({
    before,
    limit,
  }: {
    before?: { at: number; seq: number } | undefined;
    limit: number;
  }): HealthChange[] {
    return this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM health_changes WHERE (at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?",
        before?.at ?? Number.MAX_SAFE_INTEGER,
        before?.seq ?? 0,
        limit + 1,
      )
      .toArray()
      .map(({ body }) => JSON.parse(body) as HealthChange);
  }
}
