// What is deployed, what moves, what waits for me, what failed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Environment, Run } from "../api/client.ts";
import { approvalsQuery, environmentsQuery, runsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Took } from "../parts/time.tsx";

const SHOWN = 8;
const tiers = ["production", "staging", "development"] as const;

export function Overview() {
  return (
    <Page title="Overview">
      <div className="overview">
        <div className="overview-main">
          <Deployed />
          <RunCard title="Moving now" filter={{ state: ["running", "waiting", "stuck"] }}>
            <Empty title="Nothing moves right now.">
              <p>
                Runs start when an event matches a workflow’s trigger.{" "}
                <Link to="/workflows">See the workflows</Link> or <Link to="/events">send a test event</Link>.
              </p>
            </Empty>
          </RunCard>
        </div>
        <div className="overview-side">
          <WaitingForMe />
          <RunCard title="Last failures" filter={{ state: ["failed"] }}>
            <p className="quiet pad">No run has failed.</p>
          </RunCard>
          <RunCard title="Last successes" filter={{ state: ["succeeded"] }}>
            <p className="quiet pad">No run has succeeded yet.</p>
          </RunCard>
        </div>
      </div>
    </Page>
  );
}

function Deployed() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  const environments = data?.environments ?? [];
  return (
    <section aria-labelledby="deployed">
      <h2 id="deployed">Deployed</h2>
      {data && environments.length === 0 && (
        <Empty title="There is no environment yet.">
          <p>
            Environments are where runs deploy to, and what policy protects.{" "}
            <Link to="/environments">Create one</Link>.
          </p>
        </Empty>
      )}
      {tiers.map((tier) => {
        const found = environments.filter((environment) => environment.tier === tier);
        if (found.length === 0) return null;
        return (
          <div key={tier} className="tier">
            <h3>{tier}</h3>
            <div className="cards">
              {found.map((environment) => (
                <EnvironmentCard key={environment.name} environment={environment} />
              ))}
            </div>
          </div>
        );
      })}
    </section>
  );
}

function EnvironmentCard({ environment }: { environment: Environment }) {
  const { name, risk, deployments, freezes } = environment;
  const now = Date.now();
  const frozen = freezes?.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
  return (
    <article className="card environment">
      <header>
        <Link to="/runs" search={{ environment: name }}>
          {name}
        </Link>
        <span className="quiet">{risk} risk</span>
        {frozen && <span className="state tone-held">frozen: {frozen.name}</span>}
      </header>
      {deployments.length === 0 && <p className="quiet">Nothing is deployed here yet.</p>}
      {deployments.map(({ app, revision, run, by, at }) => (
        <div key={app} className="deployment">
          <span className="deployment-app">{app}</span>
          <Link to="/runs/$id" params={{ id: run }} className="mono">
            {revision}
          </Link>
          <span className="quiet">
            <Ago at={at} /> by {by}
          </span>
        </div>
      ))}
    </article>
  );
}

function WaitingForMe() {
  const { data } = useQuery(approvalsQuery("pending"));
  const approvals = data?.approvals ?? [];
  return (
    <section aria-labelledby="waits">
      <h2 id="waits">Waits for a person</h2>
      <div className="card list">
        {data && approvals.length === 0 && <p className="quiet pad">Nothing waits for a decision.</p>}
        {approvals.slice(0, SHOWN).map((approval) => (
          <Link key={approval.id} to="/approvals" className="row-link">
            <span className="row-title">
              {approval.workflow} <span className="quiet">→ {approval.environment ?? approval.function}</span>
            </span>
            <span className="quiet">{approval.reasons[0]}</span>
            <span className="quiet">
              since <Ago at={approval.openedAt} />
            </span>
          </Link>
        ))}
      </div>
    </section>
  );
}

function RunCard({
  title,
  filter,
  children,
}: {
  title: string;
  filter: { state: Run["state"][] };
  children: ReactNode;
}) {
  const { data, error, refetch } = useInfiniteQuery(runsQuery(filter));
  const runs = data?.pages.flatMap((page) => page.runs) ?? [];
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
        {data && runs.length === 0 && children}
        {runs.slice(0, SHOWN).map((run) => (
          <RunLine key={run.id} run={run} />
        ))}
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
      <span className="quiet">
        {run.finishedAt === undefined ? <Took from={run.createdAt} /> : <Ago at={run.finishedAt} />}
      </span>
    </Link>
  );
}
