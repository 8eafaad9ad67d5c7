// What is deployed, what moves, what waits for me, what failed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Environment, Run } from "../api/client.ts";
import {
  approvalsQuery,
  environmentsQuery,
  failedRuns,
  formsQuery,
  movingRuns,
  type RunFilter,
  runsQuery,
  succeededRuns,
} from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Took } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { Deployments } from "./environments/deployments.tsx";
import { frozenBy } from "./environments/freezes.ts";

const SHOWN = 8;
const tiers = ["production", "staging", "development"] as const;

export function Overview() {
  return (
    <Page title="Overview">
      <div className="overview">
        <div className="overview-main">
          <RunCard title="Moving now" filter={movingRuns}>
            <Empty title="Nothing moves right now.">
              <p>
                Runs start when an event matches a workflow’s trigger.{" "}
                <Link to="/workflows">See the workflows</Link> or <Link to="/events">send a test event</Link>.
              </p>
            </Empty>
          </RunCard>
          <Deployed />
        </div>
        <div className="overview-side">
          <WaitsForPeople />
          <RunCard title="Last failures" filter={failedRuns}>
            <p className="quiet pad">No run has failed.</p>
          </RunCard>
          <RunCard title="Last successes" filter={succeededRuns}>
            <p className="quiet pad">No run has succeeded yet.</p>
          </RunCard>
        </div>
      </div>
    </Page>
  );
}

function Deployed() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const mayCreate = useMay("admin");
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  const environments = data?.environments ?? [];
  return (
    <section aria-labelledby="deployed">
      <h2 id="deployed">
        <Link to="/environments">Deployed</Link>
      </h2>
      {data && environments.length === 0 && (
        <div className="card">
          <Empty title="There is no environment yet.">
            <p>
              Environments are where runs deploy to, and what policy protects.{" "}
              {mayCreate ? <Link to="/environments">Create one</Link> : "An administrator can create one."}
            </p>
          </Empty>
        </div>
      )}
      {tiers.map((tier) => {
        const found = environments.filter((environment) => environment.tier === tier);
        if (found.length === 0) return null;
        return (
          <section key={tier} className="tier" aria-labelledby={`tier-${tier}`}>
            <h3 id={`tier-${tier}`}>{tier}</h3>
            <div className="card list">
              {found.map((environment) => (
                <EnvironmentRow key={environment.name} environment={environment} />
              ))}
            </div>
          </section>
        );
      })}
    </section>
  );
}

function EnvironmentRow({ environment }: { environment: Environment }) {
  const { name, risk } = environment;
  const freeze = frozenBy(environment, Date.now());
  return (
    <article className="environment-row" aria-label={name}>
      <header>
        <Link to="/runs" search={{ environment: name }} className="strong">
          {name}
        </Link>
        <span className="quiet small">{risk} risk</span>
        {freeze && <span className="state tone-held">frozen: {freeze.name}</span>}
        <Movement environment={environment} />
      </header>
      <Deployments environment={environment} />
    </article>
  );
}

/** Whether a run is changing it, or the last that tried has failed since what is there was deployed. */
function Movement({ environment: { name, deployments } }: { environment: Environment }) {
  const touches = (run: Run) => run.environments.includes(name);
  const running = useRuns(movingRuns).runs.find(touches);
  const lastFailure = useRuns(failedRuns).runs.find(touches);
  const last = deployments.reduce((newest, { at }) => Math.max(newest, at), 0);
  if (running) {
    return (
      <Link to="/runs/$id" params={{ id: running.id }} className="state tone-moving">
        {running.workflow} under way
      </Link>
    );
  }
  if (lastFailure?.finishedAt !== undefined && lastFailure.finishedAt > last) {
    return (
      <Link to="/runs/$id" params={{ id: lastFailure.id }} className="state tone-bad">
        last run failed
      </Link>
    );
  }
  return null;
}

function WaitsForPeople() {
  const approvals = useQuery(approvalsQuery);
  const forms = useQuery(formsQuery);
  const held = approvals.data?.approvals ?? [];
  const asked = forms.data?.forms ?? [];
  const isNothing = approvals.data && forms.data && held.length + asked.length === 0;
  return (
    <section aria-labelledby="waits">
      <h2 id="waits">
        <Link to="/approvals">Waits for a person</Link>
      </h2>
      <div className={isNothing ? "card list" : "card list is-pending"}>
        {isNothing && <p className="quiet pad">Nothing waits for a decision.</p>}
        {held.slice(0, SHOWN).map((approval) => (
          <Link key={approval.id} to="/runs/$id" params={{ id: approval.run }} className="row-link">
            <span className="row-title">
              {approval.workflow} <span className="quiet">→ {approval.environment ?? approval.function}</span>
            </span>
            <span className="quiet">{approval.reasons[0]}</span>
            <span className="quiet small">
              since <Ago at={approval.openedAt} />
            </span>
          </Link>
        ))}
        {asked.slice(0, SHOWN).map((form) => (
          <Link key={form.id} to="/runs/$id" params={{ id: form.run }} className="row-link">
            <span className="row-title">{form.title}</span>
            <span className="quiet">{form.workflow} asks for it</span>
            <span className="quiet small">
              since <Ago at={form.openedAt} />
            </span>
          </Link>
        ))}
      </div>
    </section>
  );
}

function useRuns(filter: RunFilter) {
  const { data, error, refetch } = useInfiniteQuery(runsQuery(filter));
  return { isRead: data !== undefined, runs: data?.pages.flatMap((page) => page.runs) ?? [], error, refetch };
}

function RunCard({ title, filter, children }: { title: string; filter: RunFilter; children: ReactNode }) {
  const { isRead, runs, error, refetch } = useRuns(filter);
  const id = title.replaceAll(" ", "-");
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        <Link to="/runs" search={filter}>
          {title}
        </Link>
      </h2>
      {error && <Problem error={error} retry={() => void refetch()} />}
      <div className="card list">
        {isRead && runs.length === 0 && children}
        {runs.slice(0, SHOWN).map((run) => (
          <RunLine key={run.id} run={run} />
        ))}
        {runs.length > SHOWN && (
          <Link to="/runs" search={filter} className="row-link quiet">
            All of them
          </Link>
        )}
      </div>
    </section>
  );
}

function RunLine({ run }: { run: Run }) {
  return (
    <Link to="/runs/$id" params={{ id: run.id }} className="row-link">
      <span className="row-title">
        <State state={run.state} /> {run.workflow} <span className="quiet">{run.event.subject}</span>
      </span>
      <span className="quiet">{run.error?.message ?? (run.waitingFor || run.status)}</span>
      <span className="quiet small num">
        {run.finishedAt === undefined ? <Took from={run.createdAt} /> : <Ago at={run.finishedAt} />}
      </span>
    </Link>
  );
}
