// Which job goes to which runner.
//
// Jobs with the same tags form a lane, first in, first out. A runner serves the lanes whose tags it has all of,
// and gets the job that has waited longest among their heads: no lane starves another.

/** The canonical text of a tag set: sorted, without duplicates. A lane's key. */
export function laneKey(tags: readonly string[]): string {
  return JSON.stringify([...new Set(tags)].sort());
}

/** Whether a runner with `runnerTags` may take a job of this lane. */
export function servesLane(runnerTags: readonly string[], laneTags: readonly string[]): boolean {
  return laneTags.every((tag) => runnerTags.includes(tag));
}

/** The longest waiting of the lanes' heads; undefined when there is none. `seq` is the order of arrival. */
export function longestWaiting<Head extends { seq: number }>(heads: readonly Head[]): Head | undefined {
  return heads.reduce<Head | undefined>(
    (first, head) => (first === undefined || head.seq < first.seq ? head : first),
    undefined,
  );
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
