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

  put({ command, attempt, progress }: Report): void {
    this.#sql.exec(
      `INSERT INTO attempts (command, attempt, progress) VALUES (?, ?, ?)
       ON CONFLICT (command, attempt) DO UPDATE SET progress = excluded.progress`,
      command,
      attempt,
      JSON.stringify(progress),
    );
  }

  /** The activities with the progress of the attempt that each is at, its message as `shown` gives it. */
  addTo(activities: readonly Activity[], shown: (message: string) => string): Activity[] {
    const reports = new Map(
      this.#sql
        .exec<{ command: string; attempt: number; progress: string }>(
          `SELECT command, attempt, progress FROM attempts
           WHERE command IN (SELECT value FROM json_each(?)) AND progress IS NOT NULL`,
          JSON.stringify(activities.map(({ command }) => command)),
        )
        .toArray()
        .map(({ command, attempt, progress }) => [`${command} ${attempt}`, progress]),
    );
    return activities.map((activity) => {
      const report = reports.get(`${activity.command} ${activity.attempt}`);
      if (report === undefined) return activity;
      const { message, ...count } = JSON.parse(report) as Report["progress"];
      return {
        ...activity,
        progress: { ...count, ...(message === undefined ? {} : { message: shown(message) }) },
      };
    });
  }
}
