// One event: what it did, what it did not do and why, what has become of what it asked for, and its payload.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { EventReceipt, EventStory as Story } from "../../../../src/protocol/cloud-event.ts";
import type { StartView } from "../../../../src/protocol/start.ts";
import { eventQuery } from "../../api/queries.ts";
import { Problem } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Exactly } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";
import { useMay } from "../../session.ts";

export function EventStory({ seq }: { seq: number }) {
  const { data, error, refetch } = useQuery(eventQuery(seq));
  const maySend = useMay("sender");
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return <p className="quiet pad">Reading…</p>;
  const { event, receipt, starts, woken, receivedAt, initiator } = data;
  return (
    <div className="event-body">
      <p className="quiet">
        No. {seq}, <Exactly at={receivedAt} />, from <span className="mono">{event.source}</span>, sent by{" "}
        {initiator}
      </p>
      <Effects receipt={receipt} starts={starts} woken={woken} />
      <Tree name="event" value={event} />
      {maySend && (
        <div className="actions">
          <Link to="/events" search={{ again: seq }} className="button">
            Send again…
          </Link>
        </div>
      )}
    </div>
  );
}

/**
 * What an event did. `starts` is what has become, since, of those that had to wait; `woken` are the waits that it has
 * gone to by now.
 */
export function Effects({
  receipt,
  starts = [],
  woken = receipt.woke,
}: {
  receipt: EventReceipt;
  starts?: readonly StartView[];
  woken?: Story["woken"];
}) {
  const { started, queued = [], unmatched = [], skipped = [], notWoken, more } = receipt;
  const isIdle = started.length + woken.length + queued.length === 0;
  const others = (notWoken?.total ?? 0) - (notWoken?.nearest.length ?? 0);
  return (
    <ul className="effects">
      {isIdle && unmatched.length + skipped.length === 0 && !notWoken && (
        <li className="quiet">
          No trigger is for events of this type, and no run waited for it.{" "}
          <Link to="/workflows">Workflows</Link> say what they are for by <code>on_event(type = …)</code>.
        </li>
      )}
      {started.map(({ run, workflow, trigger }) => (
        <li key={run}>
          <State state="started" /> <RunLink run={run} name={workflow} />{" "}
          <span className="quiet">by {trigger}</span>
        </li>
      ))}
      <More count={more?.started} did="were started" />
      {woken.map(({ run, command }) => (
        <li key={run + command}>
          <State state="woken" /> <RunLink run={run} name={`the run that waited at ${command}`} />
          {!more?.woke && !includes(receipt.woke, run, command) && (
            <span className="quiet">, which began to wait after the event had come</span>
          )}
        </li>
      ))}
      <More count={more?.woke} did="were woken" />
      {queued.map(({ run, workflow, trigger, state, reason }) => {
        const now = starts.find((start) => start.run === run);
        return (
          <li key={run + trigger}>
            <State state={now?.state ?? state} />{" "}
            {now?.state === "started" || now?.state === "finished" ? (
              <RunLink run={run} name={workflow} />
            ) : (
              workflow
            )}{" "}
            <span className="quiet">
              by {trigger}: {now?.reason || reason}
            </span>
          </li>
        );
      })}
      <More count={more?.queued} did="were to wait" />
      {skipped.map(({ by, reason }) => (
        <li key={by}>
          <State state="undecided" /> {by} <span className="quiet">{reason}</span>
        </li>
      ))}
      {unmatched.map(({ trigger, reason }) => (
        <li key={trigger}>
          <State state="not for" /> {trigger} <span className="quiet">{reason}</span>
        </li>
      ))}
      {notWoken?.nearest
        .filter(({ run, command }) => !includes(woken, run, command))
        .map(({ run, command, reason }) => (
          <li key={run + command}>
            <State state="not for" /> <RunLink run={run} name={`the run that waits at ${command}`} />{" "}
            <span className="quiet">{reason}</span>
          </li>
        ))}
      {others > 0 && (
        <li className="quiet">
          {others} more {others === 1 ? "run" : "runs"} waited for events of this type, and not for this one.
        </li>
      )}
    </ul>
  );
}

/** What a list that the server cuts leaves out. */
function More({ count = 0, did }: { count: number | undefined; did: string }) {
  return count > 0 && <li className="quiet">{`${count} more ${did}.`}</li>;
}

function includes(waits: Story["woken"], run: string, command: string): boolean {
  return waits.some((wait) => wait.run === run && wait.command === command);
}

function RunLink({ run, name }: { run: string; name: string }) {
  return (
    <Link to="/runs/$id" params={{ id: run }}>
      {name}
    </Link>
  );
}
