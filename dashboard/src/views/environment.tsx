// One environment: its settings, its freezes, and every deployment there was.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Environment } from "../api/client.ts";
import { deploymentsQuery, environmentsQuery, healthQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Exactly, useNow } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { SettingsForm } from "./environment/settings-form.tsx";
import { Deployments } from "./environments/deployments.tsx";

const route = getRouteApi("/environments/$name");

export function EnvironmentPage() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(environmentsQuery);
  const [isEdited, setEdited] = useState(false);
  const mayEdit = useMay("admin");
  const environment = data?.environments.find((one) => one.name === name);
  return (
    <Page
      title={name}
      aside={
        <div className="actions">
          <Link to="/runs" search={{ environment: name }}>
            Its runs
          </Link>
          {mayEdit && environment && !isEdited && (
            <button type="button" className="button" onClick={() => setEdited(true)}>
              Edit
            </button>
          )}
        </div>
      }
    >
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && !environment && (
        <Empty title={`There is no environment ${name}.`}>
          <p>
            It may have been removed. <Link to="/environments">All environments</Link>
          </p>
        </Empty>
      )}
      {environment && (
        <>
          {isEdited ? (
            <SettingsForm environment={environment} onDone={() => setEdited(false)} />
          ) : (
            <Settings environment={environment} />
          )}
          <div className="card">
            <h2>Deployed now</h2>
            <Deployments environment={environment} />
          </div>
          <History name={name} />
          <HealthHistory name={name} />
        </>
      )}
    </Page>
  );
}

function Settings({
  environment: { tier, risk, labels = {}, targets = [], freezes = [] },
}: {
  environment: Environment;
}) {
  const now = useNow();
  return (
    <div className="card">
      <dl className="facts">
        <div>
          <dt>Tier</dt>
          <dd>{tier}</dd>
        </div>
        <div>
          <dt>Risk</dt>
          <dd>{risk}</dd>
        </div>
        {Object.entries(labels).map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h2>What touches it</h2>
      {targets.length === 0 && <p className="quiet">Only calls that name it.</p>}
      <ul className="effects">
        {targets.map(({ function: glob, inputs = {} }) => (
          <li key={JSON.stringify([glob, inputs])} className="mono">
            {glob}
            {Object.entries(inputs).map(([input, value]) => ` ${input}=${value}`)}
          </li>
        ))}
      </ul>
      <h2>Freezes</h2>
      {freezes.length === 0 && <p className="quiet">None is planned.</p>}
      <ul className="effects">
        {freezes.map((freeze) => {
          const [from, to] = [Date.parse(freeze.from), Date.parse(freeze.to)];
          const state = now < from ? "planned" : now < to ? "in force" : "over";
          return (
            <li key={freeze.name}>
              <State state={state} /> <span className="strong">{freeze.name}</span>: <Exactly at={from} /> to{" "}
              <Exactly at={to} /> <span className="quiet">{freeze.reason}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function History({ name }: { name: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(deploymentsQuery(name));
  const deployments = data?.pages.flatMap((page) => page.deployments) ?? [];
  return (
    <section aria-labelledby="history">
      <h2 id="history">Deployments</h2>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && deployments.length === 0 && (
        <Empty title="Nothing has been deployed here yet.">
          <p>A function that ends well in this environment is a deployment; its run says with what.</p>
        </Empty>
      )}
      <ol className="card list plain">
        {deployments.map(({ app, revision, function: name, run, by, at }) => (
          <li key={`${run} ${app} ${at}`} className="deployed">
            <span className="strong cut">{app}</span>
            <Link to="/runs/$id" params={{ id: run }} className="mono cut">
              {revision}
            </Link>
            <span className="quiet cut">{name}</span>
            <span className="quiet">
              <Ago at={at} /> by {by}
            </span>
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          Older deployments
        </button>
      )}
    </section>
  );
}

function HealthHistory({ name }: { name: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(healthQuery(name));
  const changes = data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <section aria-labelledby="health">
      <h2 id="health">Health</h2>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && changes.length === 0 && (
        <Empty title="Nobody has reported any health.">
          <p>
            Whoever observes what is deployed sends events of type <code>dev.sluice.deployment.health</code>:
            a monitor, Argo CD’s notifications, or a workflow.
          </p>
        </Empty>
      )}
      <ol className="card list plain">
        {changes.map(({ app, status, revision, message, since, seq }) => (
          <li key={seq} className="deployed">
            <span className="strong cut">{app}</span>
            <span>
              <Link to="/events" search={{ event: seq }}>
                {status}
              </Link>{" "}
              <span className="mono">{revision}</span>
            </span>
            <span className="quiet cut">{message}</span>
            <span className="quiet">
              <Ago at={since} />
            </span>
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          Older changes
        </button>
      )}
    </section>
  );
}
