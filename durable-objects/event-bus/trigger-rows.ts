// The bus's copy of what the catalog knows: triggers, by workflow, and the programs they start.
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { ProgramSource, Trigger, TriggerStatus } from "../../src/protocol/workflow.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

export interface BusTrigger {
  trigger: Trigger;
  workflow: string;
  digest: string;
}

type StatusRow = { workflow: string; definition: string; failures: number; last_failure: string | null };

export class TriggerRows {
  readonly #sql: SqlStorage;
  /** All of them; read again after every change. */
  #all: BusTrigger[] | undefined;
  readonly #programs = new Map<string, ProgramSource>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): readonly BusTrigger[] {
    this.#all ??= this.#sql
      .exec<{ definition: string; workflow: string; digest: string }>(
        `SELECT triggers.definition, triggers.workflow, workflows.digest FROM triggers
         JOIN workflows ON workflows.name = triggers.workflow ORDER BY triggers.id`,
      )
      .toArray()
      .map(({ definition, workflow, digest }) => ({
        trigger: JSON.parse(definition) as Trigger,
        workflow,
        digest,
      }));
    return this.#all;
  }

  /** The newest version known of a workflow, a removal included; 0 for an unknown one. */
  version(workflow: string): number {
    const row = this.#sql
      .exec<{ version: number }>("SELECT version FROM workflows WHERE name = ?", workflow)
      .toArray()[0];
    return row?.version ?? 0;
  }

  /** Puts a workflow's triggers and program in the place of those it had. `program` null: it was removed. */
  replace(
    update: { workflow: string; version: number; program: ProgramSource | null; triggers: Trigger[] },
    now: number,
  ): void {
    const { workflow, version, program } = update;
    this.#sql.exec("DELETE FROM triggers WHERE workflow = ?", workflow);
    for (const trigger of program ? update.triggers : []) {
      this.#sql.exec(
        "INSERT INTO triggers (id, workflow, definition) VALUES (?, ?, ?)",
        trigger.id,
        workflow,
        JSON.stringify(trigger),
      );
    }
    this.#sql.exec(
      `INSERT INTO workflows (name, version, digest) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET version = excluded.version, digest = excluded.digest`,
      workflow,
      version,
      program?.digest ?? null,
    );
    if (program) this.#keepProgram(program);
    this.#sql.exec(
      `UPDATE programs SET unused_since = ? WHERE unused_since IS NULL
         AND digest NOT IN (SELECT digest FROM workflows WHERE digest IS NOT NULL)`,
      now,
    );
    this.#all = undefined;
  }

  #keepProgram(program: ProgramSource): void {
    const text = JSON.stringify(program);
    assertFitsRow(text, `the program ${program.digest}`);
    this.#sql.exec(
      `INSERT INTO programs (digest, program) VALUES (?, ?)
       ON CONFLICT (digest) DO UPDATE SET unused_since = NULL`,
      program.digest,
      text,
    );
  }

  /** Undefined when nothing has used it for longer than programs are kept. */
  program(digest: string): ProgramSource | undefined {
    const known = this.#programs.get(digest);
    if (known) return known;
    const row = this.#sql
      .exec<{ program: string }>("SELECT program FROM programs WHERE digest = ?", digest)
      .toArray()[0];
    if (!row) return undefined;
    const program = JSON.parse(row.program) as ProgramSource;
    if (this.#programs.size >= 16) this.#programs.clear();
    this.#programs.set(digest, program);
    return program;
  }

  /** Counts an event on which a trigger's filter failed. */
  noteFailure(id: string, event: CloudEvent, message: string, at: number): void {
    this.#sql.exec(
      "UPDATE triggers SET failures = failures + 1, last_failure = ? WHERE id = ?",
      JSON.stringify({ source: event.source, id: event.id, at, message }),
      id,
    );
  }

  statuses(): TriggerStatus[] {
    return this.#sql
      .exec<StatusRow>("SELECT workflow, definition, failures, last_failure FROM triggers ORDER BY id")
      .toArray()
      .map((row) => ({
        ...(JSON.parse(row.definition) as Trigger),
        workflow: row.workflow,
        failures: row.failures,
        ...(row.last_failure !== null && {
          lastFailure: JSON.parse(row.last_failure) as NonNullable<TriggerStatus["lastFailure"]>,
        }),
      }));
  }

  /** Drops programs that no workflow has used since before `unusedBefore`, and no waiting start needs. */
  removeUnused(unusedBefore: number): void {
    this.#sql.exec(
      `DELETE FROM programs WHERE unused_since < ? AND digest NOT IN
         (SELECT digest FROM starts WHERE state IN ('gathering', 'limited', 'queued'))`,
      unusedBefore,
    );
    this.#programs.clear();
  }
}
