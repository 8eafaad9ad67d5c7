// Every run, newest first. Only the rows on screen exist; older pages are read as one scrolls to them.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { Run } from "../api/client.ts";
import type { RunFilter } from "../api/queries.ts";
import { runsQuery } from "../api/queries.ts";
import { useHeldList } from "../live/use-held-list.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { useIsScrolled } from "../parts/use-is-scrolled.ts";
import { useMay } from "../session.ts";
import { countOf, type Scope } from "./runs/bulk.ts";
import { RunFilters } from "./runs/run-filters.tsx";
import { RunRow } from "./runs/run-row.tsx";
import { usePicks } from "./runs/use-picks.ts";

const BulkDialog = lazy(async () => ({ default: (await import("./runs/bulk-dialog.tsx")).BulkDialog }));

const ROW = 44;
const route = getRouteApi("/runs");

export function Runs() {
  const filter = route.useSearch();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage } =
    // While a search is under way the last answer stays, greyed: nothing jumps.
    useInfiniteQuery({ ...runsQuery(filter), placeholderData: keepPreviousData });
  const listed = data?.pages.flatMap((page) => page.runs) ?? [];
  // The last answer is another list than the one that is asked for.
  const listName = isPlaceholderData ? "" : JSON.stringify(filter);
  const mayPick = useMay("operator");
  const { picked, pick, pickAll, clear } = usePicks(listed, listName);
  const [scope, setScope] = useState<Scope>();
  const list = useRef<HTMLUListElement>(null);
  const isScrolled = useIsScrolled(list);
  const { shown: runs, newer, letIn } = useHeldList(listed, listName, isScrolled || picked.length > 0);
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
  const closeDialog = (notAsked: readonly Run[] | undefined) => {
    setScope(undefined);
    if (notAsked === undefined) return;
    // What was stopped is still meant: it stays picked, to be gone on with.
    if (scope && "picked" in scope) pickAll(notAsked);
    else clear();
  };
  return (
    <Page
      title="Runs"
      aside={
        mayPick &&
        runs.length > 0 && (
          <button type="button" className="button" onClick={() => setScope({ filter })}>
            Act on many…
          </button>
        )
      }
    >
      <RunFilters filter={filter} />
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && runs.length === 0 && <NoRuns filter={filter} />}
      {picked.length > 0 && (
        <div className="picked-bar">
          <span role="status">{countOf(picked.length)} picked</span>
          <button type="button" className="button primary" onClick={() => setScope({ picked })}>
            Act on them…
          </button>
          <button type="button" className="button" onClick={clear}>
            Pick none
          </button>
        </div>
      )}
      {newer > 0 && (
        <button
          type="button"
          className="button newer"
          onClick={() => {
            letIn();
            scrollTo({ top: 0 });
          }}
        >
          {newer === 1 ? "1 newer run" : `${newer.toLocaleString()} newer runs`}
        </button>
      )}
      {runs.length > 0 && (
        <div className={mayPick ? "run-heads can-pick" : "run-heads"}>
          {mayPick && (
            <PickAll
              count={runs.length}
              picked={picked.length}
              onChange={(isPicked) => pickAll(isPicked ? runs : [])}
            />
          )}
          <div className="run-head quiet" aria-hidden="true">
            <span>State</span>
            <span>Workflow</span>
            <span>About</span>
            <span>Environments</span>
            <span>By</span>
            <span>Took</span>
            <span>Started</span>
          </div>
        </div>
      )}
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
              className={mayPick ? "run-row can-pick" : "run-row"}
              style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
            >
              <RunRow
                run={run}
                isPicked={picked.some(({ id }) => id === run.id)}
                onPick={mayPick ? (isRange) => pick(run, isRange) : undefined}
              />
            </li>
          );
        })}
      </ul>
      {isFetchingNextPage && <p className="quiet pad">Older runs…</p>}
      <Suspense>{scope && <BulkDialog scope={scope} onClose={closeDialog} />}</Suspense>
    </Page>
  );
}

function PickAll({
  count,
  picked,
  onChange,
}: {
  count: number;
  picked: number;
  onChange: (isPicked: boolean) => void;
}) {
  return (
    <label className="pick pick-all">
      <input
        type="checkbox"
        aria-label={`Pick all listed: ${countOf(count)}`}
        checked={picked >= count}
        ref={(box) => {
          if (box) box.indeterminate = picked > 0 && picked < count;
        }}
        onChange={({ target }) => onChange(target.checked)}
      />
      <span>Pick all listed</span>
    </label>
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
