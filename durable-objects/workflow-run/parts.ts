// What a run began with, and whether it is stuck: the few things about a run that are not in its journal.
import type { RunId } from "../../src/protocol/ids.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";
import type { StartRun } from "../rpc/workflow-run.ts";

/** `StartRun` with its program's digest alone: the sources are a part of their own, read only to load the engine. */
export type StoredStart = Omit<StartRun, "program"> & { id: RunId; program: { digest: string } };

/** Why the run is stuck, or was when it last was. */
export interface Standstill {
  /** `engine_failure`, until a start of the object finds that the engine can go on; or what the engine is stuck with. */
  code: string;
  message: string;
  at: number;
  /** How often it got stuck and went on: that changes what people see of the run, without a journal record. */
  changes: number;
  isOver: boolean;
}

/** How a run came here that did not happen here, or not in this object's present storage. */
export interface Origin {
  how: "restored" | "imported";
  at: number;
  /** Who imported it. */
  by?: string;
}

interface PartValues {
  start: StoredStart;
  program: ProgramSource;
  standstill: Standstill;
  origin: Origin;
  /** While it is there: what the run has taken over from the one it is forked from has not begun. */
  unbegun: true;
}

export class Parts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get<Name extends keyof PartValues>(name: Name): PartValues[Name] | undefined {
    const row = this.#sql
      .exec<{ value: string }>("SELECT value FROM parts WHERE name = ?", name)
      .toArray()[0];
    return row && (JSON.parse(row.value) as PartValues[Name]);
  }

  put<Name extends keyof PartValues>(name: Name, value: PartValues[Name]): void {
    const text = JSON.stringify(value);
    assertFitsRow(text, `the ${name} of a run`);
    this.#sql.exec(
      "INSERT INTO parts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      text,
    );
  }

  remove(name: keyof PartValues): void {
    this.#sql.exec("DELETE FROM parts WHERE name = ?", name);
  }
}
