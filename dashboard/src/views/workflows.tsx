// Every registered workflow and what starts it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { workflowsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { StartQueue } from "./workflow/start-queue.tsx";
import { occasion } from "./workflow/trigger-words.ts";

export function Workflows() {
  const { data, error, refetch } = useQuery(workflowsQuery);
  return (
    <Page title="Workflows">
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data?.workflows.length === 0 && (
        <Empty title="No workflow is registered.">
          <p>
            Write one in Starlark and register it: <code>sluice workflow push my-workflow.star</code>
          </p>
        </Empty>
      )}
      <StartQueue />
      {data && data.workflows.length > 0 && <h2>Registered</h2>}
      <div className="card list">
        {data?.workflows.map(({ name, version, triggers, updatedAt }) => (
          <Link key={name} to="/workflows/$name" params={{ name }} className="row-link">
            <span className="row-title">
              {name} <span className="quiet">version {version}</span>
            </span>
            <span className="quiet">
              {[...new Set(triggers.map((trigger) => occasion(trigger)[0]))].join(" · ") || "no trigger"}
            </span>
            <span className="quiet">
              <Ago at={updatedAt} />
            </span>
          </Link>
        ))}
      </div>
    </Page>
  );
}
