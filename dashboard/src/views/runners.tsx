// Who is connected, what they work on, and what waits for one of them, by tags.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runnersQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Took, useNow } from "../parts/time.tsx";

/** A runner asks for work, or says that it lives, several times in this. */
const CONNECTED_MS = 60_000;

export function Runners() {
  const { data, error, refetch } = useQuery(runnersQuery);
  const now = useNow();
  const runners = data?.runners ?? [];
  const isConnected = ({ lastSeenAt }: { lastSeenAt: number }) => now - lastSeenAt < CONNECTED_MS;
  return (
    <Page title="Runners">
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && data.queue.length > 0 && (
        <section aria-labelledby="queue">
          <h2 id="queue">Queued</h2>
          <ul className="card list plain">
            {data.queue.map(({ tags, length, oldestQueuedAt, next }) => {
              const serving = runners.filter(
                (one) => isConnected(one) && tags.every((tag) => one.tags.includes(tag)),
              );
              return (
                <li key={tags.join()} className="queued">
                  <span>
                    {tags.length === 0 ? <span className="quiet">any runner</span> : <Tags tags={tags} />}
                  </span>
                  <span>
                    {length} {length === 1 ? "job" : "jobs"}
                  </span>
                  <span>
                    waiting up to <Took from={oldestQueuedAt} />
                  </span>
                  {serving.length === 0 ? (
                    <span className="state tone-bad">
                      no connected runner {tags.length > 0 && "has these tags"}
                    </span>
                  ) : (
                    <span className="quiet">for one of {serving.length}</span>
                  )}
                  <ol className="next-jobs quiet small">
                    {next.map(({ id, run, function: name, priority, queuedAt }) => (
                      <li key={id}>
                        <Link to="/runs/$id" params={{ id: run }}>
                          {name}
                        </Link>
                        {priority !== 0 && <>, priority {priority}</>}, <Took from={queuedAt} />
                      </li>
                    ))}
                  </ol>
                </li>
              );
            })}
          </ul>
        </section>
      )}
      {data?.runners.length === 0 && (
        <Empty title="No runner has connected in the last day.">
          <p>
            Runners do the work, where your credentials are: <code>sluice runner</code> with a token of role{" "}
            <code>runner</code>.
          </p>
        </Empty>
      )}
      {data && data.queue.length > 0 && runners.length > 0 && <h2>Connected</h2>}
      <div className="card list">
        {runners.map((runner, index) => {
          const { name, version, platform, tags, capacity, lastSeenAt, jobs } = runner;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: two tokens may have runners of one name
            <div key={`${name} ${index}`} className="row-link">
              <span className="row-title">
                {name} <State state={isConnected(runner) ? (jobs.length > 0 ? "working" : "idle") : "away"} />{" "}
                <span className="quiet">
                  {platform}, {version}
                </span>
              </span>
              <span>
                {jobs.length} of {capacity} busy <Tags tags={tags} />
                {jobs.map((job) => (
                  <Link
                    key={job.id}
                    to="/runs/$id"
                    params={{ id: job.id.split("~")[0] ?? "" }}
                    className="job"
                  >
                    {job.function} for <Took from={job.since} />
                  </Link>
                ))}
              </span>
              <span className="quiet">
                seen <Ago at={lastSeenAt} />
              </span>
            </div>
          );
        })}
      </div>
    </Page>
  );
}

function Tags({ tags }: { tags: readonly string[] }) {
  return tags.map((tag) => (
    <span key={tag} className="tag">
      {tag}
    </span>
  ));
}
