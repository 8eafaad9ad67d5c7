// Environments: what they are, what is deployed there and was before, and, for administrators, their settings.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Environment } from "../api/client.ts";
import { environmentsQuery, runsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Exactly, useNow } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { Deployments } from "./environments/deployments.tsx";
import { EnvironmentEditor } from "./environments/environment-editor.tsx";
import { frozenBy } from "./environments/freezes.ts";

const HISTORY_SHOWN = 10;

export function Environments() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const [edited, setEdited] = useState<string>();
  const mayEdit = useMay("admin");
  return (
    <Page
      title="Environments"
      aside={
        mayEdit && (
          <button type="button" className="button" onClick={() => setEdited("")}>
            New environment
          </button>
        )
      }
    >
      {error && <Problem error={error} retry={() => void refetch()} />}
      {edited === "" && (
        <div className="card">
          <EnvironmentEditor onDone={() => setEdited(undefined)} />
        </div>
      )}
      {data?.environments.length === 0 && edited === undefined && (
        <Empty title="There is no environment yet.">
          <p>
            An environment has a tier and a risk, which policy decides by, and targets, which say what touches
            it.
          </p>
        </Empty>
      )}
      {data?.environments.map((environment) => (
        <article key={environment.name} className="card environment" aria-label={environment.name}>
          <header>
            <h2>{environment.name}</h2>
            <span className="tag">{environment.tier}</span>
            <span className="quiet small">{environment.risk} risk</span>
            <Frozen environment={environment} />
            <span className="header-end">
              <Link to="/runs" search={{ environment: environment.name }}>
                Its runs
              </Link>
              {mayEdit && edited !== environment.name && (
                <button type="button" className="button small" onClick={() => setEdited(environment.name)}>
                  Edit
                </button>
              )}
            </span>
          </header>
          {edited === environment.name ? (
            <EnvironmentEditor environment={environment} onDone={() => setEdited(undefined)} />
          ) : (
            <Detail environment={environment} />
          )}
        </article>
      ))}
    </Page>
  );
}

function Frozen({ environment }: { environment: Environment }) {
  const freeze = frozenBy(environment, useNow());
  return freeze ? <span className="state tone-held">frozen: {freeze.name}</span> : null;
}

function Detail({ environment }: { environment: Environment }) {
  const { deployments, freezes = [], labels = {}, targets = [] } = environment;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Deployments deployments={deployments} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Settings and history</summary>
        <dl className="settings">
          <dt>Labels</dt>
          <dd>
            {Object.entries(labels).map(([key, value]) => (
              <span key={key} className="tag">
                {key}: {value}
              </span>
            ))}
            {Object.keys(labels).length === 0 && <span className="quiet">none</span>}
          </dd>
          <dt>Governs calls of</dt>
          <dd>
            {targets.map((target) => (
              <p key={JSON.stringify(target)}>
                <span className="mono">{target.function}</span>
                {Object.entries(target.inputs ?? {}).map(([input, glob]) => (
                  <span key={input}>
                    {" "}
                    where {input} is <span className="mono">{glob}</span>
                  </span>
                ))}
              </p>
            ))}
            {targets.length === 0 && <span className="quiet">nothing: no run is held or frozen by it</span>}
          </dd>
          <dt>Freezes</dt>
          <dd>
            {freezes.map(({ name, from, to, reason }) => (
              <p key={name + from}>
                <span className="strong">{name}</span> <Exactly at={Date.parse(from)} /> to{" "}
                <Exactly at={Date.parse(to)} /> <span className="quiet">{reason}</span>
              </p>
            ))}
            {freezes.length === 0 && <span className="quiet">none</span>}
          </dd>
          <dt>History</dt>
          <dd>{isOpen && <History name={environment.name} />}</dd>
        </dl>
      </details>
    </>
  );
}

/** The last runs that touched it, whatever became of them. */
function History({ name }: { name: string }) {
  const { data, error, refetch } = useInfiniteQuery(runsQuery({ environment: name }));
  const runs = data?.pages.flatMap((page) => page.runs) ?? [];
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (data && runs.length === 0) return <span className="quiet">no run has touched it</span>;
  return (
    <ul className="history">
      {runs.slice(0, HISTORY_SHOWN).map((run) => (
        <li key={run.id}>
          <State state={run.state} />{" "}
          <Link to="/runs/$id" params={{ id: run.id }}>
            {run.workflow}
          </Link>{" "}
          {run.event.subject}{" "}
          <span className="quiet small">
            <Ago at={run.createdAt} /> by {run.initiator}
          </span>
        </li>
      ))}
    </ul>
  );
}
