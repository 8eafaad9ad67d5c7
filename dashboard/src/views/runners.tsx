// Who is connected, what they work on, and what waits for one of them.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runnersQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago, Took } from "../parts/time.tsx";

export function Runners() {
  const { data, error, refetch } = useQuery(runnersQuery);
  return (
    <Page title="Runners">
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data?.queue.map(({ tags, length, oldestQueuedAt }) => (
        <p key={tags.join()}>
          <span className="state tone-waiting">{length} queued</span> for {tags.join(", ") || "any runner"},
          the oldest for <Took from={oldestQueuedAt} />
        </p>
      ))}
      {data?.runners.length === 0 && (
        <Empty title="No runner has connected in the last day.">
          <p>
            Runners do the work, where your credentials are: <code>sluice runner start</code>
          </p>
        </Empty>
      )}
      <div className="card list">
        {data?.runners.map(({ name, version, platform, tags, capacity, lastSeenAt, jobs }) => (
          <div key={name} className="row-link">
            <span className="row-title">
              {name}{" "}
              <span className="quiet">
                {platform}, {version}
              </span>
            </span>
            <span>
              {jobs.length} of {capacity} busy{tags.length > 0 && `, ${tags.join(", ")}`}
              {jobs.map((job) => (
                <Link key={job.id} to="/runs/$id" params={{ id: job.id.split("~")[0] ?? "" }} className="job">
                  {job.function} <Took from={job.since} />
                </Link>
              ))}
            </span>
            <span className="quiet">
              seen <Ago at={lastSeenAt} />
            </span>
          </div>
        ))}
      </div>
    </Page>
  );
}
