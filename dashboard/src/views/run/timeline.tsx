// The run's activities over time: a row each, and a bar whose parts say when it was queued, ran and waited.
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import type { JournalRecord } from "../../../../src/protocol/journal.ts";
import type { Activity, RunDetail } from "../../api/client.ts";
import { Empty } from "../../parts/empty.tsx";
import { Problem } from "../../parts/problem.tsx";
import { span } from "../../parts/span.ts";
import { StateMark } from "../../parts/state.tsx";
import { useNow } from "../../parts/time.tsx";
import { ActivityPager, type ShownActivities } from "./activity-pages.tsx";
import { titleOf } from "./activity-title.ts";
import { inBranches, type Row } from "./branches.ts";
import { type Phase, phasesOf, roughPhases } from "./phases.ts";

const ROW = 34;
const TICKS = [0, 0.5, 1];

interface Scale {
  from: number;
  /** Until when bars of what has not ended are drawn. */
  until: number;
}

/** From the first to the last of what is shown; a run that is shown whole from its beginning. */
function scaleOf(run: RunDetail, { activities, first, total }: ShownActivities, now: number): Scale {
  const end = run.finishedAt ?? Math.max(now, run.updatedAt);
  const hasNewest = first + activities.length > total;
  const ends = activities.map(({ finishedAt }) => finishedAt ?? end);
  return {
    from: first === 1 ? run.createdAt : (activities[0]?.scheduledAt ?? run.createdAt),
    until: hasNewest ? end : ends.reduce((latest, at) => Math.max(latest, at), run.createdAt),
  };
}

export function Timeline({
  run,
  shown: { activities },
  shown: page,
  records,
  selected,
}: {
  run: RunDetail;
  shown: ShownActivities;
  /** The journal as far as it has been read. */
  records: readonly JournalRecord[];
  selected?: string | undefined;
}) {
  const now = useNow();
  const scale = scaleOf(run, page, now);
  const rows = useMemo(() => inBranches(activities), [activities]);
  const phases = useMemo(() => phasesOf(records), [records]);
  const list = useRef<HTMLUListElement>(null);
  const shown = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW,
    overscan: 16,
    scrollMargin: list.current?.offsetTop ?? 0,
  });
  if (page.error) return <Problem error={page.error} />;
  if (page.isReading) return <p className="quiet pad">Reading activities…</p>;
  if (activities.length === 0) {
    return (
      <Empty title="The run has called nothing yet.">
        <p>Every call of its script to the world appears here.</p>
      </Empty>
    );
  }
  return (
    <section aria-label="Timeline" className="timeline">
      <ActivityPager shown={page} newest={(run.earlierActivities ?? 0) + 1} />
      <Axis scale={scale} />
      <ul ref={list} aria-label="Activities" style={{ height: shown.getTotalSize() }}>
        {shown.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const { command } = row.activity;
          return (
            <li
              key={command}
              className="activity"
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start - shown.options.scrollMargin}px)` }}
            >
              <ActivityRow
                row={row}
                phases={phases.get(command) ?? roughPhases(row.activity)}
                scale={scale}
                isSelected={command === selected}
              />
            </li>
          );
        })}
      </ul>
      <Legend />
    </section>
  );
}

function Axis({ scale: { from, until } }: { scale: Scale }) {
  return (
    <div className="axis quiet" aria-hidden="true">
      <span>Activity</span>
      <span className="ticks">
        {TICKS.map((tick) => (
          <span key={tick} style={{ left: `${100 * tick}%` }}>
            {span((until - from) * tick)}
          </span>
        ))}
      </span>
      <span className="num">Took</span>
    </div>
  );
}

function Legend() {
  return (
    <p className="legend quiet" aria-hidden="true">
      {(["queued", "running", "waiting", "held", "retrying"] as const).map((is) => (
        <span key={is}>
          <span className={`swatch part-${is}`} /> {is}
        </span>
      ))}
    </p>
  );
}

function ActivityRow({
  row: { activity, depth, opens },
  phases,
  scale,
  isSelected,
}: {
  row: Row<Activity>;
  phases: readonly Phase[];
  scale: Scale;
  isSelected: boolean;
}) {
  const { command, scheduledAt, finishedAt, state, attempt = 1 } = activity;
  const title = titleOf(activity);
  return (
    <Link
      from="/runs/$id"
      search={(before) => ({ ...before, command: isSelected ? undefined : command })}
      replace
      resetScroll={false}
      aria-current={isSelected ? "true" : undefined}
      className={opens ? "opens-branch" : undefined}
      title={title.whole}
    >
      <span className="activity-name" style={{ paddingLeft: `${depth * 16}px` }}>
        <StateMark state={state} />
        <span className="cut">
          <span className="strong">{title.short}</span> <span className="quiet">{title.detail}</span>
        </span>
        {attempt > 1 && <span className="attempt">attempt {attempt}</span>}
      </span>
      <span className="lane" aria-hidden="true">
        {phases.map((phase) => (
          <Part key={phase.from + phase.is} phase={phase} scale={scale} />
        ))}
      </span>
      <span className="num quiet">{span((finishedAt ?? scale.until) - scheduledAt)}</span>
    </Link>
  );
}

function Part({ phase: { is, from, to, failed }, scale }: { phase: Phase; scale: Scale }) {
  const length = Math.max(1, scale.until - scale.from);
  const end = to ?? scale.until;
  const at = (time: number) => (100 * (time - scale.from)) / length;
  const how = failed ? " is-failed" : to === undefined ? " is-open" : "";
  return (
    <span
      className={`part part-${is}${how}`}
      title={`${is} ${span(end - from)}`}
      style={{ left: `${at(from)}%`, width: `${Math.max(0, at(end) - at(from))}%` }}
    />
  );
}
