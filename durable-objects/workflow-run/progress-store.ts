// How far the functions of a run say they are. Not part of the journal: the next report replaces it.
import type { CommandId } from "../../src/protocol/ids.ts";
import type { Activity } from "../../src/protocol/run.ts";

interface Report {
  command: CommandId;
  attempt: number;
  progress: { done: number; total?: number; message?: string };
}

export class ProgressStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps the last report of the newest attempt: what an older one still says changes nothing. */
  put({ command, attempt, progress }: Report): void {
    this.#sql.exec(
      `INSERT INTO progress (command, attempt, value) VALUES (?, ?, ?)
       ON CONFLICT (command) DO UPDATE SET attempt = excluded.attempt, value = excluded.value
       WHERE excluded.attempt >= attempt`,
      command,
      attempt,
      JSON.stringify(progress),
    );
  }

  /** The activities with the progress of the attempt that each is at, its message as `shown` gives it. */
  addTo(activities: readonly Activity[], shown: (message: string) => string): Activity[] {
    const reports = new Map(
      this.#sql
        .exec<{ command: string; attempt: number; value: string }>("SELECT * FROM progress")
        .toArray()
        .map((row) => [row.command, row]),
    );
    return activities.map((activity) => {
      const report = reports.get(activity.command);
      if (!report || report.attempt !== activity.attempt) return activity;
      const { message, ...count } = JSON.parse(report.value) as Report["progress"];
      return {
        ...activity,
        progress: { ...count, ...(message === undefined ? {} : { message: shown(message) }) },
      };
    });
  }
}
