// What is deployed in an environment: a row per app.
import { Link } from "@tanstack/react-router";
import type { Environment } from "../../api/client.ts";
import { Ago } from "../../parts/time.tsx";

export function Deployments({ deployments }: { deployments: Environment["deployments"] }) {
  if (deployments.length === 0) return <p className="quiet small">Nothing is deployed here yet.</p>;
  return (
    <ul className="deployments">
      {deployments.map(({ app, revision, run, by, at, function: reference }) => (
        <li key={app} className="deployment">
          {/* What deployed it reported no failure: only then is it recorded as deployed. */}
          <span className="health" title={`${reference} ended well`}>
            <span className="sr">ended well:</span>
          </span>
          <span className="deployment-app">{app}</span>
          <Link to="/runs/$id" params={{ id: run }} className="mono version">
            {revision}
          </Link>
          <span className="quiet small">
            <Ago at={at} /> by {by}
          </span>
        </li>
      ))}
    </ul>
  );
}
