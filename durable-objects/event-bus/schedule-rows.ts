// The `schedules` table: what each `on_schedule` trigger has fired for, and whether somebody has paused it.
import type { Schedule } from "../../src/protocol/flow-control.ts";

type Row = {
  id: string;
  workflow: string;
  definition: string;
  next_time: number | null;
  last_time: number | null;
  last_seq: number | null;
  paused_at: number | null;
  paused_by: string | null;
  pause_reason: string | null;
};

export interface ScheduleState {
  /** The trigger's id. */
  id: string;
  workflow: string;
  schedule: Schedule;
  /** The first time that it has not fired for. */
  nextTime: number | undefined;
  last: { time: number; seq: number } | undefined;
  paused: { at: number; by: string; reason: string } | undefined;
}

function state(row: Row): ScheduleState {
  const { last_time, last_seq, paused_at } = row;
  return {
    id: row.id,
    workflow: row.workflow,
    schedule: JSON.parse(row.definition) as Schedule,
    nextTime: row.next_time ?? undefined,
    last: last_time === null || last_seq === null ? undefined : { time: last_time, seq: last_seq },
    paused:
      paused_at === null
        ? undefined
        : { at: paused_at, by: row.paused_by ?? "", reason: row.pause_reason ?? "" },
  };
}

export class ScheduleRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): ScheduleState[] {
    return this.#sql.exec<Row>("SELECT * FROM schedules ORDER BY id").toArray().map(state);
  }

  of(workflow: string): ScheduleState[] {
    return this.#sql.exec<Row>("SELECT * FROM schedules WHERE workflow = ?", workflow).toArray().map(state);
  }

  find(id: string): ScheduleState | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM schedules WHERE id = ?", id).toArray()[0];
    return row && state(row);
  }

  put({ id, workflow, schedule, nextTime, last, paused }: ScheduleState): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO schedules
         (id, workflow, definition, next_time, last_time, last_seq, paused_at, paused_by, pause_reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      workflow,
      JSON.stringify(schedule),
      nextTime ?? null,
      last?.time ?? null,
      last?.seq ?? null,
      paused?.at ?? null,
      paused?.by ?? null,
      paused?.reason ?? null,
    );
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM schedules WHERE id = ?", id);
  }
}
