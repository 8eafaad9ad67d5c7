// One run: what it does, what it waits for, and everything it has done.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { RunDetail } from "../api/client.ts";
import { approvalsQuery, isOpen, runQuery } from "../api/queries.ts";
import { useRunFeed } from "../live/run-feed.ts";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, span, Took, useNow } from "../parts/time.tsx";
import { Tree } from "../parts/tree.tsx";
import { ApprovalCard } from "./approvals/approval-card.tsx";
import { ActivityPanel } from "./run/activity-panel.tsx";
import { RunActions } from "./run/run-actions.tsx";
import { Timeline } from "./run/timeline.tsx";

const RunLog = lazy(() => import("./run/run-log.tsx"));
const RunScript = lazy(() => import("./run/run-script.tsx"));
const RunJournal = lazy(() => import("./run/run-journal.tsx"));

const route = getRouteApi("/runs/$id");
const tabs = ["timeline", "log", "script", "journal"] as const;

export function RunView() {
  const { id } = route.useParams();
  const { tab = "timeline", command } = route.useSearch();
  const { data: run, error, refetch } = useQuery(runQuery(id));
  const extent = useRunFeed(id);
  if (error && !run) {
    return (
      <Page title="Run">
        <Problem error={error} retry={() => void refetch()} />
      </Page>
    );
  }
  if (!run) return <p className="quiet boot">Reading the run…</p>;
  return (
    <Page title={run.workflow} aside={<RunActions run={run} />}>
      <RunHead run={run} />
      <Held run={run} />
      <nav className="tabs" aria-label="Parts of the run">
        {tabs.map((name) => (
          <Link
            key={name}
            from="/runs/$id"
            search={(before) => ({ ...before, tab: name })}
            replace
            aria-current={name === tab ? "page" : undefined}
          >
            {name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<p className="quiet pad">Reading…</p>}>
        {tab === "timeline" && (
          <div className={command ? "split" : ""}>
            <Timeline run={run} selected={command} />
            {command && <ActivityPanel run={run} command={command} />}
          </div>
        )}
        {tab === "log" && <RunLog id={id} upTo={extent.log} />}
        {tab === "script" && <RunScript run={run} />}
        {tab === "journal" && <RunJournal id={id} upTo={extent.journal} />}
      </Suspense>
    </Page>
  );
}

function RunHead({ run }: { run: RunDetail }) {
  return (
    <div className="run-summary">
      <p className="run-state">
        <State state={run.state} />{" "}
        {run.paused && <span className="state tone-held">paused by {run.paused.by}</span>} <Waits run={run} />
      </p>
      <dl className="facts">
        <div>
          <dt>Started by</dt>
          <dd>
            {run.initiator}, <Ago at={run.createdAt} />
          </dd>
        </div>
        <div>
          <dt>{run.finishedAt === undefined ? "Runs for" : "Took"}</dt>
          <dd>
            <Took from={run.createdAt} to={run.finishedAt} />
          </dd>
        </div>
        <div>
          <dt>Event</dt>
          <dd>
            {run.event.type} {run.event.subject && <span className="quiet">{run.event.subject}</span>}
          </dd>
        </div>
        {run.environments.length > 0 && (
          <div>
            <dt>Environments</dt>
            <dd>{run.environments.join(", ")}</dd>
          </div>
        )}
        {run.parent && (
          <div>
            <dt>Started from</dt>
            <dd>
              <Link to="/runs/$id" params={{ id: run.parent.run }}>
                its parent run
              </Link>
            </dd>
          </div>
        )}
        {Object.entries(run.labels ?? {}).map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {run.error && (
        <div className="problem" role="alert">
          <strong>{run.error.message}</strong>
          <p className="quiet">{run.error.code}</p>
          {run.traceback && <pre>{run.traceback}</pre>}
        </div>
      )}
      {run.outputs && <Tree name="outputs" value={run.outputs} />}
      {run.output !== undefined && run.output !== null && <Tree name="returned" value={run.output} />}
    </div>
  );
}

/** What it waits for, in words, and for how long yet where a clock decides. */
function Waits({ run }: { run: RunDetail }) {
  const now = useNow();
  const due = run.activities.filter(isOpen).flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
  const next = due.length > 0 ? Math.min(...due) : undefined;
  return (
    <span>
      {run.waitingFor || run.status}
      {next !== undefined && next > now && <span className="quiet"> ({span(next - now)} left)</span>}
    </span>
  );
}

function Held({ run }: { run: RunDetail }) {
  const { data } = useQuery({
    ...approvalsQuery("pending"),
    enabled: run.activities.some(({ state }) => state === "held"),
  });
  const held = data?.approvals.filter((approval) => approval.run === run.id) ?? [];
  return held.map((approval) => <ApprovalCard key={approval.id} approval={approval} isInRun />);
}
