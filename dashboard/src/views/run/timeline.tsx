// The run's activities over time: a row each, and a bar that says how long it was queued, waited and ran.
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Activity, RunDetail } from "../../api/client.ts";
import { isOpen } from "../../api/queries.ts";
import { Empty } from "../../parts/empty.tsx";
import { State, toneOf } from "../../parts/state.tsx";
import { span, useNow } from "../../parts/time.tsx";

const ROW = 36;

/** How deep the activity's fiber lies: branches are indented under what started them. */
function depthOf({ fiber }: Activity): number {
  return fiber.split(".").length - 1;
}

export function titleOf({ kind, name }: Activity): string {
  return name ? (kind === "run" ? name : `${kind} ${name}`) : kind;
}

export function Timeline({ run, selected }: { run: RunDetail; selected?: string | undefined }) {
  const { activities } = run;
  const now = useNow();
  const end = run.finishedAt ?? Math.max(now, run.updatedAt);
  const length = Math.max(1, end - run.createdAt);
  const list = useRef<HTMLUListElement>(null);
  const rows = useWindowVirtualizer({
    count: activities.length,
    estimateSize: () => ROW,
    overscan: 16,
    scrollMargin: list.current?.offsetTop ?? 0,
  });
  if (activities.length === 0) {
    return (
      <Empty title="The run has called nothing yet.">
        <p>Every call of its script to the world appears here.</p>
      </Empty>
    );
  }
  const left = (at: number) => `${(100 * (at - run.createdAt)) / length}%`;
  return (
    <ul ref={list} className="timeline" aria-label="Activities" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ index, start }) => {
        const activity = activities[index];
        if (!activity) return null;
        const { command, scheduledAt, startedAt, finishedAt, state, attempt = 1 } = activity;
        const until = finishedAt ?? (isOpen(activity) ? end : scheduledAt);
        // A sleep or a wait has no start of its own: all of it is waiting.
        const began = startedAt ?? (state === "queued" || state === "deciding" ? until : scheduledAt);
        return (
          <li
            key={command}
            className="activity"
            style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
          >
            <Link
              from="/runs/$id"
              search={(before) => ({ ...before, command: command === selected ? undefined : command })}
              replace
              resetScroll={false}
              aria-current={command === selected ? "true" : undefined}
            >
              <span className="activity-name cut" style={{ paddingLeft: `${depthOf(activity)}rem` }}>
                {titleOf(activity)}
                {attempt > 1 && <span className="quiet"> attempt {attempt}</span>}
              </span>
              <State state={state} />
              <span className="lane" aria-hidden="true">
                <span
                  className="part queued"
                  style={{ left: left(scheduledAt), right: `calc(100% - ${left(began)})` }}
                />
                <span
                  className={`part tone-${toneOf(state)}`}
                  style={{ left: left(began), right: `calc(100% - ${left(until)})` }}
                />
              </span>
              <span className="num quiet">{span(until - scheduledAt)}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
