// Starts that wait: for a place, for a permit, or for more events.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Start } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { startQueueQuery } from "../../api/queries.ts";
import { Problem } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Exactly, Took } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";

/** Of one workflow, or of all; nothing at all when nothing waits. */
export function StartQueue({ workflow }: { workflow?: string }) {
  const { data, error } = useQuery(startQueueQuery);
  const [refusal, setRefusal] = useState<unknown>();
  const queue = data?.queue.filter((start) => workflow === undefined || start.workflow === workflow) ?? [];
  if (error) return <Problem error={error} />;
  if (queue.length === 0) return null;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Waiting to start</h2>
      {refusal !== undefined && <Problem error={refusal} />}
      <ul className="card list plain">
        {queue.map((start) => (
          <li key={start.run} className="trigger">
            <Waiting start={start} onRefused={setRefusal} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Waiting({ start, onRefused }: { start: Start; onRefused: (error: unknown) => void }) {
  const {
    run,
    trigger,
    state,
    reason,
    group,
    priority,
    events,
    initiator,
    createdAt,
    dueAt,
    behind = [],
  } = start;
  const client = useQueryClient();
  const mayOperate = useMay("operator");
  const cancel = async () => {
    onRefused(undefined);
    try {
      await answered(api.POST("/v1/queue/{run}/cancel", { params: { path: { run } }, body: { reason: "" } }));
    } catch (refused) {
      onRefused(refused);
    }
    void client.invalidateQueries({ queryKey: startQueueQuery.queryKey });
  };
  return (
    <>
      <div>
        <State state={state} /> {trigger} <span className="quiet">by {initiator}, for </span>
        <Took from={createdAt} />
        {priority !== 0 && <span className="quiet">, priority {priority}</span>}
        {events > 1 && <span className="quiet">, {events} events</span>}
      </div>
      <div className="quiet">
        {reason}
        {group !== undefined && ` (group ${group})`}
        {dueAt !== undefined && (
          <>
            , until <Exactly at={dueAt} />
          </>
        )}
      </div>
      {behind.length > 0 && (
        <div className="quiet">
          Behind{" "}
          {behind.map((holder, index) => (
            <span key={holder}>
              {index > 0 && ", "}
              <Link to="/runs/$id" params={{ id: holder }} className="mono">
                {holder.slice(0, 12)}
              </Link>
            </span>
          ))}
        </div>
      )}
      {mayOperate && (
        <div className="actions">
          <button type="button" className="button" onClick={() => void cancel()}>
            Take it back
          </button>
        </div>
      )}
    </>
  );
}
