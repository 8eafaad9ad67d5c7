import type { Run } from "../../api/client.ts";

/** What tells the run from others of its workflow. */
export function aboutOf(run: Run): string {
  if (run.paused && !run.finishedAt)
    return `paused by ${[run.paused.by, run.paused.reason].filter(Boolean).join(": ")}`;
  return run.error?.message || run.waitingFor || run.status || run.event.subject || run.event.type;
}
