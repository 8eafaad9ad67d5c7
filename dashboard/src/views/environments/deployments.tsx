// What is deployed in an environment: a row per app, with how well it is.
import { Link } from "@tanstack/react-router";
import type { Health } from "../../../../src/protocol/health.ts";
import {
  type DeploymentHealth,
  healthOf,
  healthWords,
  observed,
} from "../../../../src/protocol/health-words.ts";
import type { Environment } from "../../api/client.ts";
import { Ago, useNow } from "../../parts/time.tsx";

const tones: Record<Health["status"], string> = {
  healthy: "good",
  progressing: "moving",
  degraded: "bad",
  missing: "bad",
  suspended: "waiting",
  unknown: "waiting",
};

export function Deployments({
  environment: { deployments, health = [] },
}: {
  environment: Pick<Environment, "deployments" | "health">;
}) {
  const now = useNow();
  const foreign = health.filter((one) => !deployments.some(({ app }) => app === one.app));
  if (deployments.length + foreign.length === 0) {
    return <p className="quiet small">Nothing is deployed here yet.</p>;
  }
  return (
    <ul className="deployments">
      {deployments.map((deployment) => (
        <li key={deployment.app} className="deployment">
          <Dot known={healthOf(deployment, health, now)} />
          <span className="deployment-app">{deployment.app}</span>
          <Link to="/runs/$id" params={{ id: deployment.run }} className="mono version">
            {deployment.revision}
          </Link>
          <span className="quiet small deployment-by">
            <Ago at={deployment.at} /> by {deployment.by}
          </span>
          <Words known={healthOf(deployment, health, now)} revision={deployment.revision} />
        </li>
      ))}
      {foreign.map((one) => (
        <li key={one.app} className="deployment">
          <Dot known={observed(one, now)} />
          <span className="deployment-app">{one.app}</span>
          <span className="mono version">{one.revision}</span>
          <span className="quiet small deployment-by">not deployed by a run</span>
          <Words known={observed(one, now)} revision={one.revision} />
        </li>
      ))}
    </ul>
  );
}

function Dot({ known }: { known: DeploymentHealth }) {
  const isObserved = known.known === "observed" && !known.isStale;
  return <span className={`health ${isObserved ? `tone-${tones[known.health.status]}` : "is-hollow"}`} />;
}

/** What is known of its health, from whom, and since when. */
function Words({ known, revision }: { known: DeploymentHealth; revision: string | undefined }) {
  if (known.known === "ended_well") {
    return (
      <span className="quiet small deployment-health">
        ended well, as its function reported; nobody has observed it since
      </span>
    );
  }
  const { health } = known;
  return (
    <span className="quiet small deployment-health">
      <Link to="/events" search={{ event: health.seq }} className={`tone-${tones[health.status]}`}>
        {healthWords(known, revision)}
      </Link>{" "}
      since <Ago at={health.since} />, observed <Ago at={health.observedAt} />
      {health.message && <>: {health.message}</>}
    </span>
  );
}
