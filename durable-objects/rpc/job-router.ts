// What the queue of jobs is told and asked.
import type { JobId } from "../../src/protocol/ids.ts";
import type {
  Completion,
  Heartbeat,
  Job,
  QueuedView,
  RunnerInfo,
  RunnerStatus,
} from "../../src/protocol/job.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { JobRequest } from "../../src/workflow/machine-types.ts";
import type { OutboxRpc } from "./outbox.ts";

export interface QueueJob extends JobRequest {
  workspace: string;
}

export interface JobRouterRpc extends OutboxRpc {
  /** Run → router, idempotent by job id. */
  enqueue(job: QueueJob): Promise<void>;
  /** Run → router. A queued job is dropped, a running one is told at its next heartbeat. */
  cancelJob(job: JobId): Promise<void>;
  /** Waits up to `waitMs` for a job; null when there was none. */
  request(request: { runner: RunnerInfo; subject: string; waitMs: number }): Promise<Job | null>;
  heartbeat(job: JobId, beat: Heartbeat): Promise<Result<{ cancel: boolean; leaseExpiresAt: number }>>;
  complete(job: JobId, completion: Completion): Promise<Result<{ repeated: boolean }>>;
  release(job: JobId, release: { lease: string; reason: string }): Promise<Result<null>>;
  status(): Promise<{
    runners: RunnerStatus[];
    queue: { tags: string[]; length: number; oldestQueuedAt: number; next: QueuedView[] }[];
  }>;
}
