// Events as they arrived, what each did, and a form to send one.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { StoredEvent } from "../../../src/protocol/cloud-event.ts";
import { ApiError } from "../api/client.ts";
import { eventsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { Tree } from "../parts/tree.tsx";
import { useMay } from "../session.ts";

const route = getRouteApi("/events");

export function Events() {
  const { type = "" } = route.useSearch();
  const navigate = useNavigate({ from: "/events" });
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(eventsQuery(type));
  const events = (data?.pages.flatMap((page) => page.events) ?? []) as unknown as StoredEvent[];
  const maySend = useMay("sender");
  return (
    <Page title="Events">
      <search className="filters">
        <input
          key={type}
          aria-label="Type"
          placeholder="type, or prefix.*"
          defaultValue={type}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          onBlur={(event) =>
            void navigate({ search: event.target.value ? { type: event.target.value } : {}, replace: true })
          }
        />
      </search>
      {maySend && <SendEvent />}
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && events.length === 0 && (
        <Empty title="No event has arrived.">
          <p>
            Point a webhook at <code>{location.origin}/v1/hooks/github</code>, post CloudEvents to{" "}
            <code>/v1/events</code>, or send a test event above.
          </p>
        </Empty>
      )}
      <ol className="card list plain">
        {events.map((stored) => (
          <li key={stored.seq}>
            <EventRow stored={stored} />
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          Older events
        </button>
      )}
    </Page>
  );
}

function EventRow({ stored: { event, receipt, receivedAt, initiator } }: { stored: StoredEvent }) {
  const { started, woke, queued = [], unmatched = [], skipped = [] } = receipt;
  return (
    <details className="event">
      <summary>
        <span className="strong">{event.type}</span>{" "}
        <span className="quiet cut">{event.subject ?? event.source}</span>
        <span className="event-did">
          {started.length > 0 && <span className="state tone-good">{started.length} started</span>}
          {woke.length > 0 && <span className="state tone-moving">{woke.length} woken</span>}
          {queued.length > 0 && <span className="state tone-waiting">{queued.length} queued</span>}
        </span>
        <span className="quiet">
          <Ago at={receivedAt} />
        </span>
      </summary>
      <div className="event-body">
        <p className="quiet">
          From {event.source}, sent by {initiator}
        </p>
        {started.map(({ run, workflow }) => (
          <p key={run}>
            Started <RunLink run={run} name={workflow} />
          </p>
        ))}
        {woke.map(({ run, command }) => (
          <p key={run + command}>
            Woke <RunLink run={run} name={`a run at ${command}`} />
          </p>
        ))}
        {queued.map(({ run, workflow, state, reason }) => (
          <p key={run}>
            {workflow}: {state}, {reason}
          </p>
        ))}
        {unmatched.map(({ trigger, reason }) => (
          <p key={trigger} className="quiet">
            Not {trigger}: {reason}
          </p>
        ))}
        {skipped.map(({ by, reason }) => (
          <p key={by} className="quiet">
            {by} could not be decided: {reason}
          </p>
        ))}
        <Tree name="event" value={event} />
      </div>
    </details>
  );
}

function RunLink({ run, name }: { run: string; name: string }) {
  return (
    <Link to="/runs/$id" params={{ id: run }}>
      {name}
    </Link>
  );
}

async function send(type: string, subject: string, data: unknown): Promise<void> {
  const event = {
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/dashboard",
    type,
    ...(subject && { subject }),
    datacontenttype: "application/json",
    data,
  };
  const answer = await fetch("/v1/events", {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify(event),
  });
  if (answer.ok) return;
  const problem = (await answer.json()) as { code: string; detail: string };
  throw new ApiError(answer.status, problem.code, problem.detail);
}

function SendEvent() {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [sent, setSent] = useState("");
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const type = String(form.get("type"));
    setError(undefined);
    try {
      await send(type, String(form.get("subject")), JSON.parse(String(form.get("data")) || "{}"));
      setSent(`${type} was stored.`);
      void client.invalidateQueries({ queryKey: ["events"] });
    } catch (refused) {
      setError(
        refused instanceof SyntaxError ? new Error(`The data is no JSON: ${refused.message}`) : refused,
      );
    }
  };
  return (
    <details className="card form-card">
      <summary>Send a test event</summary>
      <form onSubmit={(event) => void submit(event)}>
        <label>
          Type
          <input name="type" required placeholder="com.example.deploy.requested" />
        </label>
        <label>
          Subject
          <input name="subject" />
        </label>
        <label>
          Data, as JSON
          <textarea name="data" rows={4} spellCheck={false} defaultValue="{}" />
        </label>
        {error !== undefined && <Problem error={error} />}
        <div className="actions">
          <button type="submit" className="button primary">
            Send
          </button>
          <span role="status">{sent}</span>
        </div>
      </form>
    </details>
  );
}
