// Run summaries: the newest version wins; lists go by keyset, each along one index, searches along that of words.
import type { RunState, RunSummary } from "../../src/protocol/run.ts";
import { runStates } from "../../src/protocol/run.ts";
import { searchedWords } from "../../src/protocol/run-words.ts";
import { pageOf } from "../page.ts";
import type { RunFilter, RunPage } from "../rpc/directory.ts";
import type { Position } from "../rpc/position.ts";
import { RunSearch } from "./run-search.ts";

/** A list filtered by it walks its index: the most telling of the filters leads. */
const indexes = {
  labels: { table: "run_labels INDEXED BY runs_by_label", id: "run_labels.run" },
  parent: { table: "runs INDEXED BY runs_by_parent", id: "runs.id" },
  environment: { table: "run_environments INDEXED BY runs_by_environment", id: "run_environments.run" },
  workflow: { table: "runs INDEXED BY runs_by_workflow", id: "runs.id" },
  initiator: { table: "runs INDEXED BY runs_by_initiator", id: "runs.id" },
  state: { table: "runs INDEXED BY runs_by_state", id: "runs.id" },
} as const;

interface Walk {
  table: string;
  id: string;
  conditions: string[];
  values: (string | number)[];
}

/** The index to walk, and what its entries must fulfil; what it does not have is looked up by run. */
function narrowed(
  { labels = {}, parent, environment, workflow, initiator }: RunFilter,
  state: RunState,
): Walk {
  const [label, ...otherLabels] = Object.entries(labels);
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const demand = (condition: string, ...args: string[]) => {
    conditions.push(condition);
    values.push(...args);
  };
  const given = { labels: label, parent, environment, workflow, initiator, state };
  const lead = (Object.keys(indexes) as (keyof typeof indexes)[]).find((name) => given[name] !== undefined);
  const { table, id } = indexes[lead ?? "state"];
  if (label) demand("key = ? AND value = ?", ...label);
  for (const other of otherLabels) {
    demand(
      `EXISTS (SELECT 1 FROM run_labels AS l WHERE l.run = ${id} AND l.key = ? AND l.value = ?)`,
      ...other,
    );
  }
  if (parent !== undefined) {
    const elsewhere = `EXISTS (SELECT 1 FROM runs AS r WHERE r.id = ${id} AND r.parent = ?)`;
    demand(lead === "parent" ? "parent = ?" : elsewhere, parent);
  }
  if (environment !== undefined) {
    const isLead = lead === "environment";
    const elsewhere = `EXISTS (SELECT 1 FROM run_environments AS e WHERE e.run = ${id} AND e.environment = ?)`;
    demand(isLead ? "environment = ?" : elsewhere, environment);
  }
  if (workflow !== undefined) demand("workflow = ?", workflow);
  if (initiator !== undefined) demand("initiator = ?", initiator);
  demand("state = ?", state);
  return { table, id, conditions, values };
}

function newestFirst(a: Position, b: Position): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  return a.id < b.id ? 1 : -1;
}

export class RunRows {
  readonly #sql: SqlStorage;
  readonly #search: RunSearch;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#search = new RunSearch(sql);
  }

  /** Keeps the summary, unless a newer one is known. Answers whether it did. */
  put(run: RunSummary): boolean {
    const known = this.#sql
      .exec<{ version: number; state: string }>("SELECT version, state FROM runs WHERE id = ?", run.id)
      .toArray()[0];
    if (known && known.version >= run.version) return false;
    const finishedAt = run.finishedAt ?? null;
    const body = JSON.stringify(run);
    if (known) {
      // Only what can change, so that the indexes of the rest are left alone.
      this.#sql.exec(
        "UPDATE runs SET state = ?, finished_at = ?, version = ?, body = ? WHERE id = ?",
        run.state,
        finishedAt,
        run.version,
        body,
        run.id,
      );
    } else {
      this.#sql.exec(
        `INSERT INTO runs (id, created_at, finished_at, state, workflow, initiator, parent, version, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        run.id,
        run.createdAt,
        finishedAt,
        run.state,
        run.workflow,
        run.initiator,
        run.parent?.run ?? null,
        run.version,
        body,
      );
    }
    this.#putLabels(run);
    for (const environment of run.environments) {
      this.#sql.exec(
        `INSERT INTO run_environments (run, environment, state, created_at, workflow, initiator)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state WHERE state <> excluded.state`,
        run.id,
        environment,
        run.state,
        run.createdAt,
        run.workflow,
        run.initiator,
      );
    }
    this.#search.put(run);
    return true;
  }

  /** Those of the runs that are known. */
  named(ids: readonly string[]): RunSummary[] {
    return this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM runs WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ body }) => JSON.parse(body) as RunSummary);
  }

  #putLabels(run: RunSummary): void {
    const labels = run.labels ?? {};
    this.#sql.exec(
      "DELETE FROM run_labels WHERE run = ? AND key NOT IN (SELECT value FROM json_each(?))",
      run.id,
      JSON.stringify(Object.keys(labels)),
    );
    for (const [key, value] of Object.entries(labels)) {
      this.#sql.exec(
        `INSERT INTO run_labels (run, key, value, state, created_at, workflow, initiator)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, state = excluded.state
         WHERE value <> excluded.value OR state <> excluded.state`,
        run.id,
        key,
        value,
        run.state,
        run.createdAt,
        run.workflow,
        run.initiator,
      );
    }
  }

  /** Newest first; `next` is the `before` of the following page. */
  page(filter: RunFilter): RunPage {
    if (searchedWords(filter.text ?? "").length > 0) return this.#found(filter);
    // One walk per state, each in the order of its index; then the newest of all of them.
    const states = filter.state?.length ? [...new Set(filter.state)] : runStates;
    const found = states.flatMap((state) => this.#walk(filter, state)).sort(newestFirst);
    const { items, ...page } = pageOf(found, filter.limit, ({ createdAt, id }) => ({ createdAt, id }));
    return { runs: items.map(({ id }) => this.#summary(id)), ...page };
  }

  #found(filter: RunFilter): RunPage {
    const found = this.#search.find(filter);
    const { items, ...page } = pageOf(found, filter.limit, ({ createdAt, id }) => ({ createdAt, id }));
    return { runs: items, ...page };
  }

  /** One run more than a page, so that it shows whether there is another page. */
  #walk(filter: RunFilter, state: RunState): Position[] {
    const { before, from, to, limit } = filter;
    const { table, id, conditions, values } = narrowed(filter, state);
    if (from !== undefined) {
      conditions.push("created_at >= ?");
      values.push(from);
    }
    if (to !== undefined) {
      conditions.push("created_at < ?");
      values.push(to);
    }
    if (before) {
      conditions.push(`(created_at, ${id}) < (?, ?)`);
      values.push(before.createdAt, before.id);
    }
    return this.#sql
      .exec<{ createdAt: number; id: string }>(
        `SELECT created_at AS createdAt, ${id} AS id FROM ${table} WHERE ${conditions.join(" AND ")}
         ORDER BY created_at DESC, ${id} DESC LIMIT ?`,
        ...values,
        limit + 1,
      )
      .toArray();
  }

  #summary(id: string): RunSummary {
    const { body } = this.#sql.exec<{ body: string }>("SELECT body FROM runs WHERE id = ?", id).one();
    return JSON.parse(body) as RunSummary;
  }

  /** Runs that ended before `endedBefore`, the oldest of them, each named once. */
  takeToRetire(endedBefore: number, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        `UPDATE runs SET retire_asked = 1 WHERE id IN (
           SELECT id FROM runs WHERE finished_at < ? AND retire_asked IS NULL ORDER BY finished_at LIMIT ?)
         RETURNING id`,
        endedBefore,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Forgets runs that ended before `endedBefore`, at most `limit` of them; answers which. */
  prune(endedBefore: number, limit: number): string[] {
    const old = this.#sql
      .exec<{ id: string }>("SELECT id FROM runs WHERE finished_at < ? LIMIT ?", endedBefore, limit)
      .toArray();
    for (const { id } of old) {
      this.#sql.exec("DELETE FROM run_environments WHERE run = ?", id);
      this.#sql.exec("DELETE FROM run_labels WHERE run = ?", id);
      this.#search.forget(id);
      this.#sql.exec("DELETE FROM runs WHERE id = ?", id);
    }
    return old.map(({ id }) => id);
  }

  /** Whether there are runs that searches do not find yet. */
  hasUnsearched(): boolean {
    return this.#search.hasOlder();
  }

  /** Makes at most `limit` of those to be found; answers how many. */
  makeSearched(limit: number): number {
    return this.#search.takeInOlder(limit);
  }
}
