// One run: what it does, what it waits for, and everything it has done.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ApiError, type RunDetail } from "../api/client.ts";
import { approvalsQuery, formsQuery, readJournal, runQuery } from "../api/queries.ts";
import { useGrowingList } from "../live/growing-list.ts";
import { useRunFeed } from "../live/run-feed.ts";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { useIsWide } from "../parts/use-is-wide.ts";
import { ApprovalCard } from "./approvals/approval-card.tsx";
import { FormCard } from "./approvals/form-card.tsx";
import { useShownActivities } from "./run/activity-pages.tsx";
import { ActivityPanel } from "./run/activity-panel.tsx";
import { RunActions } from "./run/run-actions.tsx";
import { RunHead } from "./run/run-head.tsx";
import { Timeline } from "./run/timeline.tsx";

const RunLog = lazy(() => import("./run/run-log.tsx"));
const RunScript = lazy(() => import("./run/run-script.tsx"));
const RunJournal = lazy(() => import("./run/run-journal.tsx"));

const route = getRouteApi("/runs/$id");
const tabs = ["timeline", "log", "script", "journal"] as const;
/** A journal longer than this is read only when somebody asks for it; bars are less exact until then. */
const READ_AT_ONCE = 5000;
/** One longer than this is read only as what it is: an activity is then shown without what happened to it. */
const READ_FOR_ONE = 50_000;
/** What comes of itself to nothing else: not of a run that waits for its place and has not begun. */
const REFUSALS: readonly number[] = [400, 401, 403, 404, 410];

export function RunView() {
  const { id } = route.useParams();
  const { tab = "timeline", command, first } = route.useSearch();
  const { data: run, error, refetch } = useQuery(runQuery(id));
  const extent = useRunFeed(id, !run && error instanceof ApiError && REFUSALS.includes(error.status));
  const isRead = tab === "journal" || extent.journal <= (command === undefined ? READ_AT_ONCE : READ_FOR_ONE);
  const journal = useGrowingList(id, isRead ? extent.journal : 0, readJournal);
  const isWide = useIsWide();
  const shown = useShownActivities(run, id, first);
  if (error && !run) {
    return (
      <Page title="Run">
        <Problem error={error} retry={() => void refetch()} />
        <p>
          <Link to="/runs">All runs</Link>
        </p>
      </Page>
    );
  }
  if (!run) return <p className="quiet boot">Reading the run…</p>;
  const script = <RunScript id={id} activities={shown.activities} command={command} />;
  const hasSide = tab === "timeline" && (command !== undefined || isWide);
  return (
    <Page title={run.workflow} about={run.event.subject} aside={<RunActions run={run} />}>
      <RunHead run={run} />
      <AskedOfPeople run={run} />
      <nav className="tabs" aria-label="Parts of the run">
        {tabs.map((name) => (
          <Link
            key={name}
            from="/runs/$id"
            search={(before) => ({ ...before, tab: name })}
            replace
            resetScroll={false}
            aria-current={name === tab ? "page" : undefined}
          >
            {name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<p className="quiet pad">Reading…</p>}>
        {tab === "timeline" && (
          <div className={hasSide ? "split" : ""}>
            <Timeline run={run} shown={shown} records={journal.items} selected={command} />
            {command && (
              <ActivityPanel
                run={run}
                activity={shown.activities.find((activity) => activity.command === command)}
                records={isRead ? journal.items : undefined}
                command={command}
              />
            )}
            {!command && isWide && <div className="beside">{script}</div>}
          </div>
        )}
        {tab === "log" && <RunLog id={id} upTo={extent.log} />}
        {tab === "script" && script}
        {tab === "journal" && <RunJournal {...journal} />}
      </Suspense>
    </Page>
  );
}

/** What the run waits for a person to decide or to fill in. */
function AskedOfPeople({ run }: { run: RunDetail }) {
  const approvals = useQuery({
    ...approvalsQuery,
    enabled: run.activities.some(({ state }) => state === "held"),
  });
  const forms = useQuery({
    ...formsQuery,
    enabled: run.activities.some(({ kind, state }) => kind === "form" && state === "waiting"),
  });
  return (
    <>
      {approvals.data?.approvals
        .filter((approval) => approval.run === run.id)
        .map((approval) => (
          <ApprovalCard key={approval.id} approval={approval} isInRun />
        ))}
      {forms.data?.forms
        .filter((form) => form.run === run.id)
        .map((form) => (
          <FormCard key={form.id} form={form} isInRun />
        ))}
    </>
  );
}
