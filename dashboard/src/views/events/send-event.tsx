// A form to send an event: a new one, one like what a trigger is for, or one like another that has arrived.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { CloudEvent, EventReceipt, StoredEvent } from "../../../../src/protocol/cloud-event.ts";
import { ApiError } from "../../api/client.ts";
import { eventQuery, eventsQuery, triggersQuery } from "../../api/queries.ts";
import { Problem } from "../../parts/problem.tsx";
import { Effects } from "./event-story.tsx";
import { exampleFor } from "./example.ts";

type Draft = Pick<CloudEvent, "type" | "subject" | "data">;

async function send({ type, subject, data }: Draft): Promise<EventReceipt> {
  const event = {
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/dashboard",
    type,
    ...(subject && { subject }),
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data,
  };
  const answer = await fetch("/v1/events", {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify(event),
  });
  const body = (await answer.json()) as { code: string; detail: string; events: EventReceipt[] };
  const receipt = body.events?.[0];
  if (answer.ok && receipt) return receipt;
  throw new ApiError(answer.status, body.code, body.detail);
}

export function SendEvent({ again, trigger }: { again: number | undefined; trigger: string | undefined }) {
  const navigate = useNavigate({ from: "/events" });
  const [isOpen, setOpen] = useState(again !== undefined || trigger !== undefined);
  return (
    <details
      className="card form-card"
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>Send a test event</summary>
      {isOpen && (
        <>
          <TriggerChoice
            chosen={trigger}
            onChoose={(id) =>
              void navigate({ search: id === undefined ? {} : { trigger: id }, replace: true })
            }
          />
          <Prefilled again={again} trigger={trigger} />
        </>
      )}
    </details>
  );
}

function TriggerChoice({
  chosen = "",
  onChoose,
}: {
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}) {
  const triggers = useQuery(triggersQuery).data?.triggers.filter(({ schedule }) => !schedule) ?? [];
  if (triggers.length === 0) return null;
  return (
    <label>
      Like what a trigger is for
      <select value={chosen} onChange={({ target }) => onChoose(target.value || undefined)}>
        <option value="">an event of your own</option>
        {triggers.map(({ id, type }) => (
          <option key={id} value={id}>
            {id}: {type}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The form, once what it begins with is known. */
function Prefilled({ again, trigger: id }: { again: number | undefined; trigger: string | undefined }) {
  const known = useQuery({ ...eventQuery(again ?? 0), enabled: again !== undefined });
  const triggers = useQuery({ ...triggersQuery, enabled: id !== undefined });
  const trigger = triggers.data?.triggers.find((one) => one.id === id);
  const last = useQuery({
    queryKey: ["events", "last", trigger?.type],
    queryFn: async ({ client }) => {
      const { pages } = await client.fetchInfiniteQuery(eventsQuery({ type: trigger?.type ?? "" }));
      return (pages[0]?.events[0] as unknown as StoredEvent | undefined) ?? null;
    },
    enabled: trigger !== undefined,
  });
  const error = known.error ?? triggers.error ?? last.error;
  if (error) return <Problem error={error} />;
  if (again !== undefined) {
    return known.data ? <Form draft={known.data.event} hint={`As no. ${again}, under a new id.`} /> : null;
  }
  if (id === undefined) return <Form />;
  if (!trigger || last.data === undefined) return null;
  const hint = trigger.filter
    ? `It is for events where ${trigger.filter}`
    : "It takes every event like this.";
  return <Form draft={exampleFor(trigger, last.data?.event)} hint={hint} />;
}

function Form({ draft = { type: "" }, hint }: { draft?: Draft; hint?: string }) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [receipt, setReceipt] = useState<EventReceipt>();
  const [isSending, setSending] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setError(undefined);
    setReceipt(undefined);
    setSending(true);
    try {
      const data = JSON.parse(String(form.get("data")) || "null");
      setReceipt(await send({ type: String(form.get("type")), subject: String(form.get("subject")), data }));
      void client.invalidateQueries({ queryKey: ["events"] });
    } catch (refused) {
      setError(
        refused instanceof SyntaxError
          ? new Error(`The data is no JSON: ${refused.message}. Text goes in double quotes.`)
          : refused,
      );
    }
    setSending(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      {hint && <p className="quiet">{hint}</p>}
      <label>
        Type
        <input name="type" required placeholder="com.example.deploy.requested" defaultValue={draft.type} />
      </label>
      <label>
        Subject
        <input name="subject" defaultValue={draft.subject ?? ""} />
      </label>
      <label>
        Data, as JSON
        <textarea
          name="data"
          rows={8}
          spellCheck={false}
          className="mono"
          defaultValue={JSON.stringify(draft.data ?? {}, null, 2)}
        />
      </label>
      {error !== undefined && <Problem error={error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={isSending}>
          Send
        </button>
      </div>
      <div role="status">
        {receipt && (
          <>
            <p>{receipt.type} was stored.</p>
            <Effects receipt={receipt} />
          </>
        )}
      </div>
    </form>
  );
}
