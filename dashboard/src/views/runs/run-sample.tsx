// The newest of the runs that an operation is for, and those that it is not for, with why.
import { Link } from "@tanstack/react-router";
import type { BulkAction } from "../../../../src/protocol/bulk-action.ts";
import type { Run } from "../../api/client.ts";
import { State } from "../../parts/state.tsx";
import { Ago } from "../../parts/time.tsx";
import { aboutOf } from "./about.ts";
import { whyNot } from "./bulk.ts";

/** Nobody reads more of them here; the list behind has them all. */
const MAX_SHOWN = 100;

export function RunSample({ action, runs }: { action: BulkAction; runs: readonly Run[] }) {
  const judged = runs.map((run) => ({ run, reason: whyNot(action, run) }));
  const concerned = judged.filter(({ reason }) => reason === undefined);
  const leftOut = judged.filter(({ reason }) => reason !== undefined);
  return (
    <>
      <Sample rows={concerned} label="Runs it is for" />
      {leftOut.length > 0 && (
        <details>
          <summary>{leftOut.length.toLocaleString()} left out, and why</summary>
          <Sample rows={leftOut} label="Runs that are left out" />
        </details>
      )}
    </>
  );
}

function Sample({ rows, label }: { rows: { run: Run; reason: string | undefined }[]; label: string }) {
  if (rows.length === 0) return null;
  return (
    <ul className="sample" aria-label={label}>
      {rows.slice(0, MAX_SHOWN).map(({ run, reason }) => (
        <li key={run.id}>
          <State state={run.state} />
          <Link to="/runs/$id" params={{ id: run.id }} target="_blank" className="cut">
            {run.workflow}
          </Link>
          <span className="cut quiet">{reason ?? aboutOf(run)}</span>
          <span className="quiet">
            <Ago at={run.createdAt} />
          </span>
        </li>
      ))}
      {rows.length > MAX_SHOWN && (
        <li className="quiet">and {(rows.length - MAX_SHOWN).toLocaleString()} more</li>
      )}
    </ul>
  );
}
