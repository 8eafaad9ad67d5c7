// Which of a run's activities are on screen: the newest, which come with the run, or an older page of very many.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Activity, RunDetail } from "../../api/client.ts";
import { ACTIVITIES_PER_PAGE, activitiesQuery } from "../../api/queries.ts";

export interface ShownActivities {
  activities: readonly Activity[];
  /** The number of the first of them, from 1. */
  first: number;
  total: number;
  isReading: boolean;
  error: Error | null;
}

/** The page that begins with number `wanted`; without it, or where that is among the newest, the newest. */
export function useShownActivities(
  run: RunDetail | undefined,
  id: string,
  wanted: number | undefined,
): ShownActivities {
  const { activities = [], earlierActivities: earlier = 0 } = run ?? {};
  const isOlder = wanted !== undefined && wanted <= earlier;
  const page = useQuery({ ...activitiesQuery(id, (wanted ?? 1) - 1), enabled: isOlder });
  const total = earlier + activities.length;
  if (!isOlder) return { activities, first: earlier + 1, total, isReading: false, error: null };
  return {
    activities: page.data?.activities ?? [],
    first: wanted,
    total,
    isReading: page.isPending,
    error: page.error,
  };
}

/** Says which of the activities are shown, and leads to the others; nothing where all are. */
export function ActivityPager({ shown, newest }: { shown: ShownActivities; newest: number }) {
  const { activities, first, total } = shown;
  if (newest === 1) return null;
  const last = first + activities.length - 1;
  const number = (value: number) => value.toLocaleString();
  return (
    <nav className="pager" aria-label="Pages of activities">
      <span className="num">
        {activities.length > 0 && `${number(first)} to ${number(last)} of `}
        {number(total)} activities
      </span>
      <span className="actions">
        {first > 1 && <To first={1}>First</To>}
        {first > 1 && <To first={Math.max(1, first - ACTIVITIES_PER_PAGE)}>Earlier</To>}
        {first < newest && activities.length > 0 && <To first={last + 1}>Later</To>}
        {first < newest && <To first={undefined}>Newest</To>}
      </span>
    </nav>
  );
}

function To({ first, children }: { first: number | undefined; children: string }) {
  return (
    <Link
      from="/runs/$id"
      search={(before) => ({ ...before, first, command: undefined })}
      resetScroll={false}
      className="button small"
    >
      {children}
    </Link>
  );
}
