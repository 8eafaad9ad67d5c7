// Environments: what they are and what is deployed there; and the locks that runs hold.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Environment } from "../api/client.ts";
import { environmentsQuery, locksQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Took, useNow } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { SettingsForm } from "./environment/settings-form.tsx";
import { Deployments } from "./environments/deployments.tsx";
import { frozenBy } from "./environments/freezes.ts";

export function Environments() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const [isNew, setNew] = useState(false);
  const mayEdit = useMay("admin");
  return (
    <Page
      title="Environments"
      aside={
        mayEdit && (
          <button type="button" className="button" onClick={() => setNew(true)}>
            New environment
          </button>
        )
      }
    >
      {error && <Problem error={error} retry={() => void refetch()} />}
      {isNew && <SettingsForm onDone={() => setNew(false)} />}
      {data?.environments.length === 0 && !isNew && (
        <Empty title="There is no environment yet.">
          <p>
            An environment has a tier and a risk, which policy decides by, and targets, which say what touches
            it.
            {!mayEdit && " An administrator can make one here, or with “sluice env create”."}
          </p>
        </Empty>
      )}
      {data?.environments.map((environment) => (
        <EnvironmentCard key={environment.name} environment={environment} />
      ))}
      <Locks />
    </Page>
  );
}

function EnvironmentCard({ environment }: { environment: Environment }) {
  const { name, tier, risk } = environment;
  const freeze = frozenBy(environment, useNow());
  return (
    <article className="card environment" aria-label={name}>
      <header>
        <h2>
          <Link to="/environments/$name" params={{ name }}>
            {name}
          </Link>
        </h2>
        <span className="tag">{tier}</span>
        <span className="quiet small">{risk} risk</span>
        {freeze && <span className="state tone-held">frozen: {freeze.name}</span>}
        <span className="header-end">
          <Link to="/runs" search={{ environment: name }}>
            Its runs
          </Link>
        </span>
      </header>
      <Deployments environment={environment} />
    </article>
  );
}

function Locks() {
  const { data } = useQuery(locksQuery);
  if (!data || data.locks.length === 0) return null;
  return (
    <section aria-labelledby="locks">
      <h2 id="locks">Locks</h2>
      <ul className="card list plain">
        {data.locks.map(({ key, holders, waiting, waitingCount }) => (
          <li key={key} className="trigger">
            <div className="mono strong">{key}</div>
            {holders.map(({ run, command, workflow, grantedAt }) => (
              <div key={run + command}>
                Held by{" "}
                <Link to="/runs/$id" params={{ id: run }}>
                  {workflow}
                </Link>{" "}
                {grantedAt !== undefined && (
                  <>
                    for <Took from={grantedAt} />
                  </>
                )}
              </div>
            ))}
            {waiting.slice(0, 5).map(({ run, command, workflow, requestedAt }) => (
              <div key={run + command} className="quiet">
                Waiting:{" "}
                <Link to="/runs/$id" params={{ id: run }}>
                  {workflow}
                </Link>{" "}
                for <Took from={requestedAt} />
              </div>
            ))}
            {waitingCount > 5 && <div className="quiet">and {waitingCount - 5} more</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
