// Events as they arrived, what each did and why no more, and a form to send one.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { StoredEvent } from "../../../src/protocol/cloud-event.ts";
import type { EventFilter } from "../api/queries.ts";
import { eventsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { FilterField, SearchField, TimeFields } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { EventStory } from "./events/event-story.tsx";
import { SendEvent } from "./events/send-event.tsx";

const route = getRouteApi("/events");

export function Events() {
  const { event: opened, again, trigger, ...filter } = route.useSearch();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    ...eventsQuery(filter),
    placeholderData: keepPreviousData,
  });
  const events = (data?.pages.flatMap((page) => page.events) ?? []) as unknown as StoredEvent[];
  const maySend = useMay("sender");
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page title="Events">
      {maySend && <SendEvent key={`${again} ${trigger}`} again={again} trigger={trigger} />}
      <Filters filter={filter} />
      {error && <Problem error={error} retry={() => void refetch()} />}
      {opened !== undefined && !events.some(({ seq }) => seq === opened) && (
        <div className="card">
          <EventStory seq={opened} />
        </div>
      )}
      {data && events.length === 0 && !hasNextPage && (
        <Empty title={isFiltered ? "No event matches." : "No event has arrived."}>
          {isFiltered ? (
            <p>
              <Link to="/events">Show all events</Link>
            </p>
          ) : (
            <p>
              Point a webhook at <code>{location.origin}/v1/hooks/github</code>, post CloudEvents to{" "}
              <code>/v1/events</code>, or send a test event above.
            </p>
          )}
        </Empty>
      )}
      <ol className="card list plain" aria-label="Events">
        {events.map((stored) => (
          <li key={stored.seq}>
            <EventRow stored={stored} isOpen={stored.seq === opened} />
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {isFiltered ? "Look further back" : "Older events"}
        </button>
      )}
    </Page>
  );
}

function Filters({ filter }: { filter: EventFilter }) {
  const navigate = useNavigate({ from: "/events" });
  const set = (change: Partial<Record<keyof EventFilter, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as EventFilter, replace: true });
  return (
    <search className="filters">
      <SearchField label="Search events" value={filter.text ?? ""} onChange={(text) => set({ text })} />
      {(["type", "source", "subject"] as const).map((name) => (
        <FilterField
          key={name}
          name={name}
          placeholder={name === "type" ? "type, or prefix.*" : name}
          value={filter[name] ?? ""}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      <TimeFields from={filter.from} to={filter.to} onChange={set} />
      {Object.keys(filter).length > 0 && (
        <Link to="/events" className="quiet">
          Clear
        </Link>
      )}
    </search>
  );
}

function EventRow({ stored, isOpen }: { stored: StoredEvent; isOpen: boolean }) {
  const { event, receipt, receivedAt, seq } = stored;
  const { started, woke, queued = [], skipped = [], more } = receipt;
  const did = {
    started: started.length + (more?.started ?? 0),
    woken: woke.length + (more?.woke ?? 0),
    queued: queued.length + (more?.queued ?? 0),
  };
  return (
    <div className="event">
      <Link
        to="/events"
        search={(before) => {
          const { event: _, ...rest } = before;
          return isOpen ? rest : { ...rest, event: seq };
        }}
        replace
        resetScroll={false}
        className="event-head"
        aria-expanded={isOpen}
      >
        <span className="strong cut">{event.type}</span>
        <span className="quiet cut">{event.subject ?? event.source}</span>
        <span className="event-did">
          {did.started > 0 && <span className="state tone-good">{did.started} started</span>}
          {did.woken > 0 && <span className="state tone-moving">{did.woken} woken</span>}
          {did.queued > 0 && <span className="state tone-waiting">{did.queued} queued</span>}
          {skipped.length > 0 && <span className="state tone-warning">{skipped.length} undecided</span>}
        </span>
        <span className="quiet">
          <Ago at={receivedAt} />
        </span>
      </Link>
      {isOpen && <EventStory seq={seq} />}
    </div>
  );
}
