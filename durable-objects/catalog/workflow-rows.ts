// The catalog's workflows: the newest version of each, every version there ever was, and programs by digest.
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { ProgramSource, Trigger, WorkflowVersion, WorkflowView } from "../../src/protocol/workflow.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

type Row = {
  name: string;
  version: number;
  digest: string;
  entry: string;
  triggers: string;
  updated_at: number;
  removed: number;
};

function view(row: Row): WorkflowView {
  return {
    name: row.name,
    digest: row.digest,
    version: row.version,
    entry: row.entry,
    triggers: JSON.parse(row.triggers) as Trigger[],
    updatedAt: row.updated_at,
  };
}

type VersionRow = { version: number; digest: string | null; by: string; at: number };

function entry({ version, digest, by, at }: VersionRow): WorkflowVersion {
  return { version, ...(digest !== null && { digest }), by, at };
}

function unknown(name: string): Result<never> {
  return refuse("unknown_workflow", `There is no workflow called ${name}.`);
}

export class WorkflowRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): WorkflowView[] {
    return this.#sql.exec<Row>("SELECT * FROM workflows WHERE removed = 0 ORDER BY name").toArray().map(view);
  }

  /** Refuses `unknown_workflow`, for a removed one as well. */
  find(name: string): Result<WorkflowView> {
    const row = this.#row(name);
    return row && row.removed === 0 ? ok(view(row)) : unknown(name);
  }

  program(digest: string): ProgramSource {
    const { program } = this.#sql
      .exec<{ program: string }>("SELECT program FROM programs WHERE digest = ?", digest)
      .one();
    return JSON.parse(program) as ProgramSource;
  }

  /** Stores the next version. Versions count on after a removal, so that the newest is always the highest. */
  insert(
    workflow: { name: string; program: ProgramSource; triggers: Trigger[] },
    by: string,
    now: number,
  ): WorkflowView {
    const { name, program, triggers } = workflow;
    const version = this.#nextVersion(name);
    const text = JSON.stringify(program);
    assertFitsRow(text, `the program of ${name}`);
    this.#sql.exec("INSERT OR IGNORE INTO programs (digest, program) VALUES (?, ?)", program.digest, text);
    this.#sql.exec(
      `INSERT OR REPLACE INTO workflows (name, version, digest, entry, triggers, updated_at, removed)
       VALUES (?, ?, ?, ?, ?, ?, 0)`,
      name,
      version,
      program.digest,
      program.entry,
      JSON.stringify(triggers),
      now,
    );
    this.#note(name, version, program.digest, by, now);
    return { name, digest: program.digest, version, entry: program.entry, triggers, updatedAt: now };
  }

  /** Gives the version that the removal is. Refuses `unknown_workflow`. */
  remove(name: string, by: string, now: number): Result<number> {
    const row = this.#row(name);
    if (!row || row.removed === 1) return unknown(name);
    const version = row.version + 1;
    this.#sql.exec(
      "UPDATE workflows SET version = ?, updated_at = ?, removed = 1 WHERE name = ?",
      version,
      now,
      name,
    );
    this.#note(name, version, null, by, now);
    return ok(version);
  }

  /** Newest first. Refuses `unknown_workflow` where there never was one; one that was removed still has its history. */
  versions(page: { name: string; before?: number | undefined; limit: number }): Result<WorkflowVersion[]> {
    const rows = this.#sql
      .exec<VersionRow>(
        "SELECT version, digest, by, at FROM versions WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?",
        page.name,
        page.before ?? Number.MAX_SAFE_INTEGER,
        page.limit,
      )
      .toArray();
    return rows.length === 0 && !this.#row(page.name) ? unknown(page.name) : ok(rows.map(entry));
  }

  version(name: string, version: number): Result<WorkflowVersion & { program: ProgramSource }> {
    if (!this.#row(name)) return unknown(name);
    const row = this.#sql
      .exec<VersionRow>(
        "SELECT version, digest, by, at FROM versions WHERE name = ? AND version = ?",
        name,
        version,
      )
      .toArray()[0];
    if (!row?.digest)
      return refuse("unknown_version", `There is no program of ${name} in version ${version}.`);
    return ok({ ...entry(row), program: this.program(row.digest) });
  }

  #nextVersion(name: string): number {
    return (this.#row(name)?.version ?? 0) + 1;
  }

  #note(name: string, version: number, digest: string | null, by: string, at: number): void {
    this.#sql.exec(
      "INSERT INTO versions (name, version, digest, by, at) VALUES (?, ?, ?, ?, ?)",
      name,
      version,
      digest,
      by,
      at,
    );
  }

  #row(name: string): Row | undefined {
    return this.#sql.exec<Row>("SELECT * FROM workflows WHERE name = ?", name).toArray()[0];
  }
}
