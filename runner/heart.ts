// Keeps a job's lease alive and carries its news: log, progress, what its Function was resolved to.
//
// 1. It beats at a third of the lease, sooner when there is news.
// 2. The lease is trusted for its length from when the last answered beat was sent. When that is over and the
//    server could not be reached, the job may be somebody else's by now: the work is stopped.
import { HANDOVER_LEASE_SECONDS, type Job, MAX_LOG_CHUNK_BYTES, type Progress } from "../src/protocol/job.ts";
import { backoffMs, untilAnswered } from "./backoff.ts";
import { type RunnerClient, ServerRefused, ServerUnreachable } from "./client.ts";
import type { JobLog } from "./job-log.ts";

/** Why the work on a job is stopped. */
export type StopReason = "cancelled" | "lease_lost" | "lease_unconfirmed";

const NEWS_EVERY_MS = 250;
const FLUSH_TRIES = 5;

export class Heart {
  readonly #job: Job;
  readonly #client: RunnerClient;
  readonly #log: JobLog;
  readonly #onStop: (reason: StopReason) => void;
  #progress: Progress | undefined;
  #resolved: string | undefined;
  #sensitive: string[] | undefined;
  #beating: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #leaseTimer: NodeJS.Timeout | undefined;
  #lastBeatAt = 0;
  #failures = 0;
  #isStopped = false;

  constructor(options: {
    job: Job;
    client: RunnerClient;
    log: JobLog;
    onStop: (reason: StopReason) => void;
  }) {
    this.#job = options.job;
    this.#client = options.client;
    this.#log = options.log;
    this.#onStop = options.onStop;
  }

  /**
   * Acknowledges the hand-over, so that work may begin, and goes on beating.
   *
   * @throws ServerRefused when the job is no longer this runner's, ServerUnreachable when nobody answered
   */
  async start(): Promise<void> {
    await untilAnswered(() => this.#beat(), { giveUpAt: Date.now() + HANDOVER_LEASE_SECONDS * 1000 });
    this.#schedule();
  }

  report(news: { progress?: Progress; resolved?: string }): void {
    if (news.progress) this.#progress = news.progress;
    if (news.resolved !== undefined) this.#resolved = news.resolved;
    this.#schedule();
  }

  /** Tells which inputs are sensitive: resolved once the server knows, or the job is stopped. */
  async tellSensitive(inputs: string[]): Promise<void> {
    this.#sensitive = inputs;
    while (this.#sensitive && !this.#isStopped) {
      clearTimeout(this.#timer);
      if (this.#failures > 0) await new Promise((resolve) => setTimeout(resolve, backoffMs(this.#failures)));
      this.#beating ??= this.#beatOnce().finally(() => {
        this.#beating = undefined;
      });
      await this.#beating;
    }
    this.#schedule();
  }

  /** Something was written to the log. */
  wake(): void {
    this.#schedule();
  }

  /** Stops beating, after delivering the rest of the log as far as the server takes it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
    for (let failures = 0; !this.#log.isSent || this.#progress; ) {
      try {
        await this.#beat();
      } catch (error) {
        failures += 1;
        if (!(error instanceof ServerUnreachable) || failures >= FLUSH_TRIES) break;
        await new Promise((resolve) => setTimeout(resolve, backoffMs(failures)));
      }
    }
    clearTimeout(this.#leaseTimer);
  }

  #hasNews(): boolean {
    return !this.#log.isSent || this.#progress !== undefined || this.#resolved !== undefined;
  }

  #schedule(): void {
    if (this.#isStopped || this.#beating) return;
    clearTimeout(this.#timer);
    const usual = (this.#job.lease_seconds * 1000) / 3;
    const wait = this.#failures > 0 ? backoffMs(this.#failures) : this.#hasNews() ? NEWS_EVERY_MS : usual;
    const dueIn = Math.max(0, this.#lastBeatAt + wait - Date.now());
    this.#timer = setTimeout(() => {
      this.#beating = this.#beatOnce().finally(() => {
        this.#beating = undefined;
        this.#schedule();
      });
    }, dueIn);
  }

  async #beatOnce(): Promise<void> {
    try {
      await this.#beat();
    } catch (error) {
      if (error instanceof ServerUnreachable) {
        this.#failures += 1;
        return;
      }
      this.#isStopped = true;
      clearTimeout(this.#leaseTimer);
      this.#onStop("lease_lost");
    }
  }

  async #beat(): Promise<void> {
    const sentAt = Date.now();
    this.#lastBeatAt = sentAt;
    const chunk = this.#log.chunk(MAX_LOG_CHUNK_BYTES);
    const [progress, resolved, sensitive] = [this.#progress, this.#resolved, this.#sensitive];
    const answer = await this.#client
      .heartbeat(this.#job.id, {
        lease: this.#job.lease,
        ...(chunk && { log: { offset: chunk.offset, text: chunk.text } }),
        ...(progress && { progress }),
        ...(resolved !== undefined && { resolved }),
        ...(sensitive && { sensitive_inputs: sensitive }),
      })
      .catch((error: unknown) => {
        // A chunk that the server cannot take must not cost the job its lease: the rest goes on without it.
        if (!(error instanceof ServerRefused) || ![400, 413].includes(error.status) || !chunk) throw error;
        this.#log.acknowledge(chunk.bytes);
        return undefined;
      });
    this.#failures = 0;
    if (!answer) return;
    if (chunk) this.#log.acknowledge(chunk.bytes);
    if (this.#progress === progress) this.#progress = undefined;
    if (this.#resolved === resolved) this.#resolved = undefined;
    if (this.#sensitive === sensitive) this.#sensitive = undefined;
    this.#trustLease(sentAt);
    if (answer.cancel) this.#onStop("cancelled");
  }

  #trustLease(sentAt: number): void {
    clearTimeout(this.#leaseTimer);
    if (this.#isStopped) return;
    const until = sentAt + this.#job.lease_seconds * 1000;
    this.#leaseTimer = setTimeout(() => {
      this.#isStopped = true;
      clearTimeout(this.#timer);
      this.#onStop("lease_unconfirmed");
    }, until - Date.now());
  }
}
