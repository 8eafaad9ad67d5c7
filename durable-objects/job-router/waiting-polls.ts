// The long polls that wait for a job. In memory only: a poll lives as long as its connection, and a router that
// restarts finds its runners asking again.
import type { Job } from "../../src/protocol/job.ts";

export interface WaitingPoll {
  runner: string;
  tags: readonly string[];
  askedAt: number;
}

type Entry = WaitingPoll & { settle: (job: Job | null) => void };

export class WaitingPolls {
  readonly #entries = new Set<Entry>();

  /** Waits up to `waitMs` for `hand` to hand it a job; null when none came. */
  wait(poll: WaitingPoll, waitMs: number): Promise<Job | null> {
    return new Promise((resolve) => {
      // A pending timer keeps the object running, so it goes as soon as nobody waits for it.
      const timer = setTimeout(() => entry.settle(null), waitMs);
      const entry: Entry = {
        ...poll,
        settle: (job) => {
          clearTimeout(timer);
          this.#entries.delete(entry);
          resolve(job);
        },
      };
      this.#entries.add(entry);
    });
  }

  [Symbol.iterator](): Iterator<WaitingPoll> {
    return this.#entries[Symbol.iterator]();
  }

  /** Ends a waiting poll with a job. */
  hand(poll: WaitingPoll, job: Job): void {
    for (const entry of this.#entries) if (entry === poll) entry.settle(job);
  }

  isWaiting(runner: string): boolean {
    return [...this.#entries].some((entry) => entry.runner === runner);
  }
}
