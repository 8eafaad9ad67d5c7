// The index that text searches of runs go by: SQLite's FTS5 over each run's words, and over what lists filter by.
//
// 1. A run's row id there (`doc` of its row in `runs`) grows with the time of its creation: newest first is one walk
//    back through the index, from any place in it.
// 2. Runs from before there was this index are taken in by and by (`takeInOlder`), newest first. Till then they are
//    found by filters, not by words.
import type { RunState, RunSummary } from "../../src/protocol/run.ts";
import { runStates } from "../../src/protocol/run.ts";
import { searchedWords, wordsOfRun } from "../../src/protocol/run-words.ts";
import type { RunFilter } from "../rpc.ts";
import { sha256 } from "../sha256.ts";

/** Room for the runs that are created in one millisecond. Times in ms stay exact until the year 2248. */
const DOCS_PER_MS = 1024;

interface Found {
  doc: number;
  body: string;
}

/** Words hold no `=`, so a term of a filter is never a word; and the digest is one term whatever the value holds. */
function filterTerm(kind: string, value: string): string {
  return `${kind}=${sha256(value).slice(0, 32)}`;
}

function termsOf(run: RunSummary): string {
  return [
    ...wordsOfRun(run),
    filterTerm("state", run.state),
    filterTerm("workflow", run.workflow),
    filterTerm("initiator", run.initiator),
    ...(run.parent ? [filterTerm("parent", run.parent.run)] : []),
    ...run.environments.map((environment) => filterTerm("environment", environment)),
    ...Object.entries(run.labels ?? {}).map((label) => filterTerm("label", JSON.stringify(label))),
  ].join(" ");
}

/** What a run must have to be found, in FTS5's language; without the state. */
function queryOf({ text = "", labels = {}, parent, environment, workflow, initiator }: RunFilter): string[] {
  const wanted = { parent, environment, workflow, initiator };
  return [
    ...searchedWords(text).map((word) => `"${word}"*`),
    ...Object.entries(labels).map((label) => `"${filterTerm("label", JSON.stringify(label))}"`),
    ...Object.entries(wanted).flatMap(([kind, value]) =>
      value === undefined ? [] : [`"${filterTerm(kind, value)}"`],
    ),
  ];
}

export class RunSearch {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Takes a run in, or anew. Its row in `runs` is there already. */
  put(run: RunSummary): void {
    const terms = termsOf(run);
    const { doc } = this.#sql.exec<{ doc: number | null }>("SELECT doc FROM runs WHERE id = ?", run.id).one();
    if (doc === null) {
      const given = this.#freeDoc(run.createdAt);
      this.#sql.exec("UPDATE runs SET doc = ? WHERE id = ?", given, run.id);
      this.#sql.exec("INSERT INTO run_search (rowid, terms) VALUES (?, ?)", given, terms);
      return;
    }
    const known = this.#sql
      .exec<{ terms: string }>("SELECT terms FROM run_search WHERE rowid = ?", doc)
      .one();
    if (known.terms !== terms) this.#sql.exec("UPDATE run_search SET terms = ? WHERE rowid = ?", terms, doc);
  }

  /** The first place after those that are taken in this millisecond, or, where it is full, in one after it. */
  #freeDoc(createdAt: number): number {
    for (let first = createdAt * DOCS_PER_MS; ; first += DOCS_PER_MS) {
      const { last } = this.#sql
        .exec<{ last: number | null }>(
          "SELECT MAX(doc) AS last FROM runs WHERE doc IS NOT NULL AND doc >= ? AND doc < ?",
          first,
          first + DOCS_PER_MS,
        )
        .one();
      if (last === null) return first;
      if (last + 1 < first + DOCS_PER_MS) return last + 1;
    }
  }

  forget(run: string): void {
    this.#sql.exec(
      "DELETE FROM run_search WHERE rowid = (SELECT doc FROM runs WHERE id = ? AND doc IS NOT NULL)",
      run,
    );
  }

  /** Newest first; one run more than a page, so that it shows whether there is another. */
  find(filter: RunFilter): RunSummary[] {
    const states = filter.state?.length ? [...new Set(filter.state)] : [undefined];
    // One walk per state: FTS5 would merge the whole lists of alternatives before the first page of them.
    const found = (states.length === runStates.length ? [undefined] : states).flatMap((state) =>
      this.#walk(filter, state),
    );
    return found
      .sort((a, b) => b.doc - a.doc)
      .slice(0, filter.limit + 1)
      .map(({ body }) => JSON.parse(body) as RunSummary);
  }

  #walk(filter: RunFilter, state: RunState | undefined): Found[] {
    const { before, from, to, limit } = filter;
    const terms = [...queryOf(filter), ...(state ? [`"${filterTerm("state", state)}"`] : [])];
    const upTo = [
      Number.MAX_SAFE_INTEGER,
      ...(to === undefined ? [] : [to * DOCS_PER_MS]),
      ...(before ? [this.#docOf(before)] : []),
    ];
    return this.#sql
      .exec<{ doc: number; body: string }>(
        `SELECT runs.doc AS doc, runs.body AS body FROM run_search CROSS JOIN runs ON runs.doc = run_search.rowid
         WHERE run_search MATCH ? AND run_search.rowid >= ? AND run_search.rowid < ?
         ORDER BY run_search.rowid DESC LIMIT ?`,
        terms.join(" AND "),
        (from ?? 0) * DOCS_PER_MS,
        Math.min(...upTo),
        limit + 1,
      )
      .toArray();
  }

  /** Where a page ended. A run that has been forgotten meanwhile was older than all that is to be found. */
  #docOf({ createdAt, id }: { createdAt: number; id: string }): number {
    const row = this.#sql.exec<{ doc: number | null }>("SELECT doc FROM runs WHERE id = ?", id).toArray()[0];
    return row?.doc ?? createdAt * DOCS_PER_MS;
  }

  hasOlder(): boolean {
    return this.#sql.exec("SELECT 1 FROM runs WHERE doc IS NULL LIMIT 1").toArray().length > 0;
  }

  /** Takes in runs that are not, the newest of them, at most `limit`; answers how many. */
  takeInOlder(limit: number): number {
    const rows = this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM runs WHERE doc IS NULL ORDER BY created_at DESC LIMIT ?",
        limit,
      )
      .toArray();
    for (const { body } of rows) this.put(JSON.parse(body) as RunSummary);
    return rows.length;
  }
}
