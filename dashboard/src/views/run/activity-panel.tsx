// Everything about one activity of the run.
import { Link } from "@tanstack/react-router";
import type { JournalRecord, NotedRecord } from "../../../../src/protocol/journal.ts";
import type { Activity, RunDetail } from "../../api/client.ts";
import { isOpen } from "../../api/queries.ts";
import { Progress } from "../../parts/progress.tsx";
import { span } from "../../parts/span.ts";
import { State } from "../../parts/state.tsx";
import { Exactly, Took, useNow } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";
import { ActivityActions } from "./activity-actions.tsx";
import { titleOf } from "./activity-title.ts";
import { PolicyDecision } from "./policy-decision.tsx";

export function ActivityPanel({
  run,
  activity,
  records,
  command,
}: {
  run: RunDetail;
  /** Undefined when it is not among those that are shown. */
  activity: Activity | undefined;
  /** The journal as far as it has been read; undefined when it is too long for that. */
  records: readonly JournalRecord[] | undefined;
  command: string;
}) {
  if (!activity) {
    return <aside className="panel quiet">There is no activity {command} among those shown.</aside>;
  }
  const { whole } = titleOf(activity);
  return (
    <aside className="panel" aria-label="Activity">
      <header>
        <h2>{whole}</h2>
        <Link
          from="/runs/$id"
          search={(before) => ({ ...before, command: undefined })}
          replace
          resetScroll={false}
          className="button small"
        >
          Close
        </Link>
      </header>
      <p>
        <State state={activity.state} /> {activity.environment && <>in {activity.environment} </>}
        <Due activity={activity} />
      </p>
      <Facts run={run} activity={activity} />
      {activity.progress && <Progress {...activity.progress} />}
      {activity.operated && (
        <p>
          {activity.operated.action} by {activity.operated.by}
          {activity.operated.reason && `: ${activity.operated.reason}`}
        </p>
      )}
      {activity.error && (
        <div className="problem">
          <strong>{activity.error.message}</strong>
          <p className="quiet mono">{activity.error.code}</p>
        </div>
      )}
      <ActivityActions run={run} activity={activity} />
      {activity.inputs !== undefined && <Tree name="inputs" value={activity.inputs} />}
      {activity.outputs !== undefined && <Tree name="outputs" value={activity.outputs} />}
      {records ? (
        <WhatHappened records={records} command={command} />
      ) : (
        <p className="quiet">
          The journal of this run is too long to be searched for what happened here;{" "}
          <Link from="/runs/$id" search={(before) => ({ ...before, tab: "journal" as const })}>
            it can be read whole
          </Link>
          .
        </p>
      )}
    </aside>
  );
}

function Due({ activity }: { activity: Activity }) {
  const now = useNow();
  if (!isOpen(activity) || activity.dueAt === undefined || activity.dueAt <= now) return null;
  return <span className="quiet">{span(activity.dueAt - now)} left</span>;
}

function Facts({ run, activity }: { run: RunDetail; activity: Activity }) {
  const { position, scheduledAt, finishedAt, attempt, child } = activity;
  return (
    <dl className="facts">
      <div>
        <dt>Called</dt>
        <dd>
          <Exactly at={scheduledAt} />
        </dd>
      </div>
      <div>
        <dt>{finishedAt === undefined ? "For" : "Took"}</dt>
        <dd>
          <Took from={scheduledAt} to={finishedAt ?? run.finishedAt} />
        </dd>
      </div>
      {attempt !== undefined && (
        <div>
          <dt>Attempt</dt>
          <dd>{attempt}</dd>
        </div>
      )}
      <div>
        <dt>From</dt>
        <dd>
          <Link from="/runs/$id" search={(before) => ({ ...before, tab: "script" as const })}>
            {position.file}:{position.line}
          </Link>
        </dd>
      </div>
      <div>
        <dt>Command</dt>
        <dd className="mono">{activity.command}</dd>
      </div>
      {child && (
        <div>
          <dt>Started</dt>
          <dd>
            <Link to="/runs/$id" params={{ id: child }}>
              the run
            </Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

function WhatHappened({ records, command }: { records: readonly JournalRecord[]; command: string }) {
  const notes = records.filter(
    (record): record is NotedRecord => record.type === "noted" && record.command === command,
  );
  if (notes.length === 0) return null;
  return (
    <>
      <h3>What happened</h3>
      <ol className="notes">
        {notes.map((record) => (
          <li key={record.seq}>
            <span className="quiet small">
              <Exactly at={record.at} />
            </span>
            <Note {...record} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Note({ note, data }: NotedRecord) {
  const { attempt, runner, by, comment, decision, delayMs, reason, action, error } = data;
  const because = (text: unknown) => (text ? `: ${String(text)}` : "");
  switch (note) {
    case "policy_decision":
      return <PolicyDecision data={data} />;
    case "approval_opened":
      return <p>Asked for an approval</p>;
    case "approval_resolved":
      return (
        <p>
          {decision === "approve" ? "Approved" : "Denied"} by {String(by)}
          {because(comment)}
        </p>
      );
    case "attempt_started":
      return <p>Attempt {String(attempt)} was queued</p>;
    case "job_taken":
      return (
        <p>
          Runner {String(runner)} took attempt {String(attempt)}
        </p>
      );
    case "attempt_failed":
      return (
        <p>
          Attempt {String(attempt)} failed{because((error as { message?: string } | undefined)?.message)}
        </p>
      );
    case "retry_scheduled":
      return (
        <p>
          Attempt {String(attempt)} follows in {span(Number(delayMs))}
        </p>
      );
    case "operator":
      return (
        <p>
          {String(action)} by {String(by)}
          {because(reason)}
        </p>
      );
    default:
      return <Tree name={note.replaceAll("_", " ")} value={data} isOpen={false} />;
  }
}
