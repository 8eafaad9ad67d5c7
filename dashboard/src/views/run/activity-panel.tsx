// Everything about one activity of the run.
import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../../api/client.ts";
import { readJournal } from "../../api/queries.ts";
import { useGrowingList } from "../../live/growing-list.ts";
import { State } from "../../parts/state.tsx";
import { Exactly } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";
import { titleOf } from "./timeline.tsx";

export function ActivityPanel({ run, command }: { run: RunDetail; command: string }) {
  const activity = run.activities.find((candidate) => candidate.command === command);
  const { items } = useGrowingList(run.id, run.version, readJournal);
  if (!activity) return <aside className="panel quiet">The run has no activity {command}.</aside>;
  const notes = items.filter((record) => record.command === command && record.type === "noted");
  const { position, operated, progress } = activity;
  return (
    <aside className="panel" aria-label="Activity">
      <header>
        <h2>{titleOf(activity)}</h2>
        <Link
          from="/runs/$id"
          search={(before) => ({ ...before, command: undefined })}
          replace
          resetScroll={false}
        >
          Close
        </Link>
      </header>
      <p>
        <State state={activity.state} />{" "}
        <Link from="/runs/$id" search={(before) => ({ ...before, tab: "script" as const })}>
          {position.file}:{position.line}
        </Link>
      </p>
      {progress && (
        <p>
          <progress aria-label="Progress" value={progress.done} max={progress.total ?? progress.done} />{" "}
          {progress.message}
        </p>
      )}
      {operated && (
        <p>
          {operated.action} by {operated.by}: {operated.reason}
        </p>
      )}
      {activity.error && (
        <div className="problem">
          <strong>{activity.error.message}</strong>
          <p className="quiet">{activity.error.code}</p>
        </div>
      )}
      {activity.inputs !== undefined && <Tree name="inputs" value={activity.inputs} />}
      {activity.outputs !== undefined && <Tree name="outputs" value={activity.outputs} />}
      {notes.length > 0 && <h3>What happened</h3>}
      <ol className="notes">
        {notes.map((record) => (
          <li key={record.seq}>
            <strong>{record.note?.replaceAll("_", " ")}</strong>{" "}
            <span className="quiet">
              <Exactly at={record.at} />
            </span>
            <Tree value={record.data} isOpen={record.note === "policy_decision"} />
          </li>
        ))}
      </ol>
    </aside>
  );
}
