// Every run, newest first. Only the rows on screen exist; older pages are read as one scrolls to them.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Run } from "../api/client.ts";
import type { RunFilter } from "../api/queries.ts";
import { environmentsQuery, runsQuery, workflowsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { FilterField, SearchField, TimeFields } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Ago, Took } from "../parts/time.tsx";

const ROW = 44;
const route = getRouteApi("/runs");
const states: Run["state"][] = ["running", "waiting", "succeeded", "failed", "cancelled", "stuck"];

export function Runs() {
  const filter = route.useSearch();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage } =
    // While a search is under way the last answer stays, greyed: nothing jumps.
    useInfiniteQuery({ ...runsQuery(filter), placeholderData: keepPreviousData });
  const runs = data?.pages.flatMap((page) => page.runs) ?? [];
  const list = useRef<HTMLUListElement>(null);
  const rows = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => runs[index]?.id ?? index,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= runs.length - 30) void fetchNextPage();
  }, [last, runs.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Page title="Runs">
      <Filters filter={filter} />
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && runs.length === 0 && <NoRuns filter={filter} />}
      <div className="run-head quiet" aria-hidden="true">
        <span>State</span>
        <span>Workflow</span>
        <span>About</span>
        <span>Environments</span>
        <span>By</span>
        <span>Took</span>
        <span>Started</span>
      </div>
      <ul
        ref={list}
        className={isPlaceholderData ? "run-list is-old" : "run-list"}
        aria-label="Runs"
        aria-busy={isPlaceholderData}
        style={{ height: rows.getTotalSize() }}
      >
        {shown.map(({ index, key, start }) => {
          const run = runs[index];
          if (!run) return null;
          return (
            <li
              key={key}
              aria-setsize={hasNextPage ? -1 : runs.length}
              aria-posinset={index + 1}
              className="run-row"
              style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
            >
              <RunRow run={run} />
            </li>
          );
        })}
      </ul>
      {isFetchingNextPage && <p className="quiet pad">Older runs…</p>}
    </Page>
  );
}

function RunRow({ run }: { run: Run }) {
  return (
    <Link to="/runs/$id" params={{ id: run.id }}>
      <State state={run.state} />
      <span className="strong cut">{run.workflow}</span>
      <span className="cut quiet">
        {run.error?.message || run.waitingFor || run.status || run.event.subject || run.event.type}
      </span>
      <span className="cut">{run.environments.join(", ")}</span>
      <span className="cut quiet">{run.initiator}</span>
      <Took from={run.createdAt} to={run.finishedAt} />
      <span className="quiet">
        <Ago at={run.createdAt} />
      </span>
    </Link>
  );
}

function Filters({ filter }: { filter: RunFilter }) {
  const navigate = useNavigate({ from: "/runs" });
  const set = (change: Partial<Record<keyof RunFilter, unknown>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as RunFilter, replace: true });
  const choices: Record<string, string[] | undefined> = {
    workflow: useQuery(workflowsQuery).data?.workflows.map(({ name }) => name),
    environment: useQuery(environmentsQuery).data?.environments.map(({ name }) => name),
  };
  return (
    <search className="filters">
      <SearchField label="Search runs" value={filter.text ?? ""} onChange={(text) => set({ text })} />
      <fieldset className="chips">
        <legend className="sr">State</legend>
        {states.map((state) => {
          const isOn = filter.state?.includes(state) ?? false;
          const rest = (filter.state ?? []).filter((other) => other !== state);
          return (
            <button
              key={state}
              type="button"
              className="chip"
              aria-pressed={isOn}
              onClick={() => set({ state: isOn ? rest : [...rest, state] })}
            >
              {state}
            </button>
          );
        })}
      </fieldset>
      {(["workflow", "environment", "initiator", "label"] as const).map((name) => (
        <FilterField
          key={name}
          name={name}
          placeholder={name === "label" ? "label: key=value" : name}
          value={filter[name] ?? ""}
          choices={choices[name]}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      <TimeFields from={filter.from} to={filter.to} onChange={set} />
      {Object.keys(filter).length > 0 && (
        <Link to="/runs" className="quiet">
          Clear
        </Link>
      )}
    </search>
  );
}

function NoRuns({ filter }: { filter: RunFilter }) {
  if (Object.keys(filter).length > 0) {
    return (
      <Empty title="No run matches these filters.">
        <p>
          Words find runs by how they begin: “prod 1.4” finds those with a word that begins with “prod” and
          one with “1”, and one with “4”. <Link to="/runs">Show all runs</Link>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No run yet.">
      <p>
        A run starts when an event matches a trigger. Register a workflow with{" "}
        <code>sluice workflow push</code>, then <Link to="/events">send a test event</Link>.
      </p>
    </Empty>
  );
}
