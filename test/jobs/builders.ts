import {
  type HandedOverJob,
  handOver,
  heartbeat,
  type QueuedJob,
  queuedJob,
  type RunningJob,
} from "../../src/jobs/job-state.ts";

export const leaseMs = 30_000;
export const timeoutMs = 600_000;
export const queueTimeoutMs = 300_000;

export function aQueuedJob(at = 0): QueuedJob {
  return queuedJob({ timeoutMs, queueTimeoutMs }, at);
}

export function aHandedOverJob(at = 0, lease = "lease-1"): HandedOverJob {
  return handOver(aQueuedJob(at), { lease, runner: "r/one" }, at);
}

export function aRunningJob(at = 0, lease = "lease-1"): RunningJob {
  return unwrap(heartbeat(aHandedOverJob(at, lease), { lease }, leaseMs, at)).job;
}

export function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { code: string } }): T {
  if (!result.ok) throw new Error(`refused: ${result.error.code}`);
  return result.value;
}
