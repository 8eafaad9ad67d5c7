import type { Run } from "../../api/client.ts";

/** What tells the run from others of its workflow. */
export function aboutOf(run: Run): string {
  if (run.paused && !run.finishedAt)
    return `paused by ${[run.paused.by, run.paused.reason].filter(Boolean).join(": ")}`;
  const { subject, type } = run.event;
  // A start by name has the workflow as its subject, which says nothing new beside it.
  const happened = subject === run.workflow ? type : subject || type;
  return run.error?.message || run.waitingFor || run.status || happened;
}
