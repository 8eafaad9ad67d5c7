// Which job goes to which runner.
//
// Jobs with the same tags form a lane, by priority and then first in, first out. A runner serves the lanes whose tags it
// has all of, and gets the job that is first among their heads: no lane starves another. Nor does a priority: one point
// of it is worth a minute of waiting, so whatever waits gets ahead of what comes later, however important, in the end.

/** The canonical text of a tag set: sorted, without duplicates. A lane's key. */
export function laneKey(tags: readonly string[]): string {
  return JSON.stringify([...new Set(tags)].sort());
}

/** Whether a runner with `runnerTags` may take a job of this lane. */
export function servesLane(runnerTags: readonly string[], laneTags: readonly string[]): boolean {
  return laneTags.every((tag) => runnerTags.includes(tag));
}

/** What a point of priority is worth. */
const MS_PER_POINT = 60_000;

/**
 * Where a job stands, in its lane and among the heads of lanes: the lower goes first. It is the time at which it was
 * queued, moved by its priority, and so never changes: jobs grow old by others coming later.
 */
export function placeOf(job: { queuedAt: number; priority: number }): number {
  return job.queuedAt - job.priority * MS_PER_POINT;
}

/** The first of the lanes' heads; undefined when there is none. `seq`, the order of arrival, decides between equals. */
export function firstOf<Head extends { place: number; seq: number }>(
  heads: readonly Head[],
): Head | undefined {
  return heads.reduce<Head | undefined>((first, head) => {
    if (first === undefined) return head;
    return (head.place - first.place || head.seq - first.seq) < 0 ? head : first;
  }, undefined);
}

/**
 * The poll a job is handed to: of the runners that serve its lane the least busy one, and of equally busy ones
 * the one that asked last, because an old poll is likelier to be one whose runner is gone.
 */
export function choosePoll<Poll extends { tags: readonly string[]; askedAt: number }>(
  polls: Iterable<Poll>,
  laneTags: readonly string[],
  jobsOf: (poll: Poll) => number,
): Poll | undefined {
  let best: { poll: Poll; jobs: number } | undefined;
  for (const poll of polls) {
    if (!servesLane(poll.tags, laneTags)) continue;
    const jobs = jobsOf(poll);
    const isBetter =
      best === undefined || jobs < best.jobs || (jobs === best.jobs && poll.askedAt >= best.poll.askedAt);
    if (isBetter) best = { poll, jobs };
  }
  return best?.poll;
}
