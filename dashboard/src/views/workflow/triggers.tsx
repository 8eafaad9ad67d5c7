// What starts a workflow, in words, with the schedules that are due next and what went wrong with filters.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schedule, Trigger } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { schedulesQuery, triggersQuery } from "../../api/queries.ts";
import { Problem } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Ago, Exactly } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";
import { isByName, occasion, pace } from "./trigger-words.ts";

export function Triggers({
  workflow,
  triggers,
}: {
  workflow: string;
  triggers: Omit<Trigger, "workflow" | "failures">[];
}) {
  const statuses = useQuery(triggersQuery).data?.triggers ?? [];
  const schedules = useQuery(schedulesQuery).data?.schedules ?? [];
  const maySend = useMay("sender");
  if (triggers.length === 0) {
    return (
      <p className="quiet">
        Nothing starts it. Declare what does at the end of its file:{" "}
        <code>on_event(type = …, handler = …)</code>, <code>on_schedule</code>, or <code>on_start</code> to
        start it by its name.
      </p>
    );
  }
  return (
    <ul className="card list plain" aria-label="Triggers">
      {triggers.map((trigger) => {
        const status = statuses.find(({ id }) => id === trigger.id);
        const schedule = schedules.find(({ id }) => id === trigger.id);
        return (
          <li key={trigger.id} className="trigger">
            <div>
              <span className="strong">{trigger.id.slice(workflow.length + 1)}</span>{" "}
              <span className="quiet">calls {trigger.handler}</span>
              {maySend && !trigger.schedule && !isByName(trigger) && (
                <Link to="/events" search={{ trigger: trigger.id }} className="trigger-send">
                  Send a test event
                </Link>
              )}
            </div>
            <div>{occasion(trigger).join(", ")}</div>
            {pace(trigger).map((sentence) => (
              <div key={sentence} className="quiet">
                {sentence}
              </div>
            ))}
            {status?.lastFailure && (
              <p className="problem">
                Its filter could not be decided on {status.failures}{" "}
                {status.failures === 1 ? "event" : "events"}, last <Ago at={status.lastFailure.at} />:{" "}
                {status.lastFailure.message}
              </p>
            )}
            {schedule && <ScheduleTimes schedule={schedule} />}
          </li>
        );
      })}
    </ul>
  );
}

function ScheduleTimes({ schedule: { id, workflow, next, last, paused } }: { schedule: Schedule }) {
  const client = useQueryClient();
  const mayOperate = useMay("operator");
  const [error, setError] = useState<unknown>();
  const path = { workflow, name: id.slice(workflow.length + 1) };
  const act = async (action: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await action();
    } catch (refused) {
      setError(refused);
    }
    void client.invalidateQueries({ queryKey: schedulesQuery.queryKey });
  };
  const pause = () =>
    answered(api.POST("/v1/schedules/{workflow}/{name}/pause", { params: { path }, body: { reason: "" } }));
  const resume = () => answered(api.POST("/v1/schedules/{workflow}/{name}/resume", { params: { path } }));
  const fire = () => answered(api.POST("/v1/schedules/{workflow}/{name}/trigger", { params: { path } }));
  const [soonest, ...later] = next;
  return (
    <div className="schedule">
      <div>
        {paused ? (
          <>
            <State state="paused" /> by {paused.by} <Ago at={paused.at} />
            {paused.reason && `: ${paused.reason}`}
          </>
        ) : soonest === undefined ? (
          <span className="quiet">It has no next time.</span>
        ) : (
          <>
            Next <Exactly at={soonest} />
            {later.length > 0 && (
              <details>
                <summary className="quiet">and after that</summary>
                {later.map((at) => (
                  <div key={at}>
                    <Exactly at={at} />
                  </div>
                ))}
              </details>
            )}
          </>
        )}
      </div>
      {last && (
        <div className="quiet">
          Last for <Exactly at={last.time} />,{" "}
          <Link to="/events" search={{ event: last.seq }}>
            what it did
          </Link>
        </div>
      )}
      {mayOperate && (
        <div className="actions">
          <button type="button" className="button" onClick={() => void act(paused ? resume : pause)}>
            {paused ? "Resume" : "Pause"}
          </button>
          <button type="button" className="button" onClick={() => void act(fire)}>
            Fire now
          </button>
        </div>
      )}
      {error !== undefined && <Problem error={error} />}
    </div>
  );
}
