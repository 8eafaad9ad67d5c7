// The index that text searches of runs go by: SQLite's FTS5 over each run's words, and over what lists filter by.
//
// 1. A run's row id there (`doc` of its row in `runs`) grows with the time of its creation: newest first is one walk
//    back through the index, from any place in it.
// 2. FTS5 gathers every run of every word that begins like the one searched for before it gives the first. So a search
//    first glances at the newest runs by itself, which fills the page where the words are common, and then leaves to
//    FTS5 the words that it has seen to be rare.
// 3. Runs that are not in the index (it is older than they are, or was made anew) are taken in by and by
//    (`takeInOlder`), newest first. Till then they are found by filters, not by words.
import type { RunState, RunSummary } from "../../src/protocol/run.ts";
import { runStates } from "../../src/protocol/run.ts";
import { searchedWords, wordsOfRun } from "../../src/protocol/run-words.ts";
import type { RunFilter } from "../rpc/directory.ts";
import type { Position } from "../rpc/position.ts";
import { sha256 } from "../sha256.ts";

/** Room for the runs that are created in one millisecond. Times in ms stay exact until the year 2248. */
const DOCS_PER_MS = 1024;

/** Runs of a glance: some ten milliseconds. */
const GLANCED = 2000;
/** A word in more than this part of them is common: FTS5 takes a microsecond for each run that has it. */
const COMMON = 0.2;

interface Scan {
  /** What a run must have, in FTS5's language. */
  terms: readonly string[];
  /** Beginnings of words that it must have too. */
  words: readonly string[];
  /** Row ids: from this one on, and below that one. */
  from: number;
  below: number;
  wanted: number;
  /** Runs to look at, at most. */
  budget?: number;
}

interface Scanned {
  docs: number[];
  /** The last that was looked at. */
  reached: number;
  /** How many were looked at, and how many of them have each word. */
  seen: number;
  having: number[];
}

/** Terms of late. Runs have their states, workflows and people in common, and digests are most of what a row takes. */
const recentTerms = new Map<string, string>();
const MAX_TERMS = 1000;

/**
 * No word begins with `=`, so a term of a filter is never found by a word; the digest is one term whatever the value
 * holds.
 */
function filterTerm(kind: string, value: string): string {
  const name = `${kind}=${value}`;
  const known = recentTerms.get(name);
  if (known !== undefined) return known;
  if (recentTerms.size >= MAX_TERMS) recentTerms.clear();
  const term = `=${kind}=${sha256(value).slice(0, 32)}`;
  recentTerms.set(name, term);
  return term;
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

/** What a run must have for the filters, in FTS5's language. */
function filterTermsOf(filter: RunFilter, state: RunState | undefined): string[] {
  const { labels = {}, parent, environment, workflow, initiator } = filter;
  const terms = Object.entries(labels).map((label) => filterTerm("label", JSON.stringify(label)));
  for (const [kind, value] of Object.entries({ parent, environment, workflow, initiator, state })) {
    if (value !== undefined) terms.push(filterTerm(kind, value));
  }
  return terms.map((term) => `"${term}"`);
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
    const docs = (states.length === runStates.length ? [undefined] : states).flatMap((state) =>
      this.#walk(filter, state),
    );
    return docs
      .sort((a, b) => b - a)
      .slice(0, filter.limit + 1)
      .map((doc) => {
        const { body } = this.#sql.exec<{ body: string }>("SELECT body FROM runs WHERE doc = ?", doc).one();
        return JSON.parse(body) as RunSummary;
      });
  }

  #walk(filter: RunFilter, state: RunState | undefined): number[] {
    const { before, from = 0, to, limit, text = "" } = filter;
    const filters = filterTermsOf(filter, state);
    const words = searchedWords(text);
    const wanted = limit + 1;
    const below = Math.min(
      Number.MAX_SAFE_INTEGER,
      ...(to === undefined ? [] : [to * DOCS_PER_MS]),
      ...(before ? [this.#docOf(before)] : []),
    );
    const range = { from: from * DOCS_PER_MS, words };
    const newest = this.#scan({ ...range, terms: filters, below, wanted, budget: GLANCED });
    if (newest.docs.length === wanted || newest.seen < GLANCED) return newest.docs;
    // The rarest is, however common: what it does not narrow would be looked at one by one.
    const few = Math.max(Math.min(...newest.having), newest.seen * COMMON);
    const rare = words.filter((_, n) => (newest.having[n] ?? 0) <= few);
    const older = this.#scan({
      ...range,
      terms: [...filters, ...rare.map((word) => `"${word}"*`)],
      below: newest.reached,
      wanted: wanted - newest.docs.length,
    });
    return [...newest.docs, ...older.docs];
  }

  /** Looks at the runs that have the terms, newest first, until enough of them have the words too. */
  #scan({ terms, words, from, below, wanted, budget }: Scan): Scanned {
    const scanned: Scanned = { docs: [], reached: below, seen: 0, having: words.map(() => 0) };
    const rows = this.#sql
      .exec(
        `SELECT rowid, terms FROM run_search WHERE ${terms.length > 0 ? "run_search MATCH ? AND" : ""}
         rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
        ...(terms.length > 0 ? [terms.join(" AND ")] : []),
        from,
        below,
        budget ?? -1,
      )
      .raw<[number, string]>();
    const beginnings = words.map((word) => ` ${word}`);
    for (const [doc, own] of rows) {
      scanned.reached = doc;
      scanned.seen += 1;
      const text = ` ${own}`;
      let isFound = true;
      beginnings.forEach((beginning, n) => {
        if (text.includes(beginning)) scanned.having[n] = (scanned.having[n] ?? 0) + 1;
        else isFound = false;
      });
      if (isFound && scanned.docs.push(doc) === wanted) break;
    }
    return scanned;
  }

  /** Where a page ended. A run that has been forgotten meanwhile was older than all that is to be found. */
  #docOf({ createdAt, id }: Position): number {
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
