// One job from hand-over to answer.
//
// 1. Work begins only after the server has acknowledged that the job is ours.
// 2. The outcome is on disk before it is sent, and sent until it is answered.
// 3. A job that is stopped because it is no longer ours, or may not be, is not answered with an outcome: it is
//    dropped, or handed back.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseFunctionReference } from "../src/protocol/function-reference.ts";
import {
  CANCELLED_CODE,
  type Completion,
  type Job,
  type JobOutcome,
  MAX_PAYLOAD_BYTES,
} from "../src/protocol/job.ts";
import { untilAnswered } from "./backoff.ts";
import type { RunnerClient } from "./client.ts";
import { executeFunction } from "./functions/execute-function.ts";
import type { FunctionResolver } from "./functions/function-resolver.ts";
import { Heart, type StopReason } from "./heart.ts";
import { JobError } from "./job-error.ts";
import { JobLog } from "./job-log.ts";
import type { LeaseRecord, LeaseStore } from "./lease-store.ts";
import { MaskedStream, Masker } from "./masking.ts";

/** A timer cannot be longer; a longer timeout is none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Long after any lease has run out, an answer would only be refused. */
const ANSWER_FOR_MS = 3600_000;

export interface JobHost {
  client: RunnerClient;
  resolver: FunctionResolver;
  leases: LeaseStore;
  /** Where each job gets a folder of its own, removed when the job ends. */
  workRoot: string;
  environment: Record<string, string>;
  variables: Record<string, string>;
  hasBash: boolean;
  killGraceMs: number | undefined;
  /** Aborted when the runner wants its jobs back in the queue. */
  signal: AbortSignal;
  say: (message: string) => void;
}

type Stop = StopReason | "released" | "timeout";

/** The reason an execution was aborted, as an error. */
class Stopped extends Error {
  readonly why: Stop;

  constructor(why: Stop) {
    super(`stopped: ${why}`);
    this.why = why;
  }
}

type End = { outcome: JobOutcome; sensitive?: string[] } | { release: string } | "drop";

function asJobError(error: unknown): JobError {
  if (error instanceof JobError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new JobError("RunnerError", `the runner could not run the function: ${message}`, {
    retryable: true,
    cause: error,
  });
}

/** Of secrets that the server does not know of, too: those of a Function that this one calls. */
function masked(failure: JobError, masker: Masker): JobError {
  const { code, message, details } = failure;
  return new JobError(masker.mask(code), masker.mask(message), {
    ...failure,
    ...(details && { details: masker.value(details) }),
  });
}

function endOf(stopped: Stopped, job: Job): End {
  switch (stopped.why) {
    case "cancelled":
      return { outcome: new JobError(CANCELLED_CODE, "the job was cancelled while it ran").outcome() };
    case "timeout":
      return {
        outcome: new JobError("Timeout", `the function did not end within ${job.timeout_s} s`).outcome(),
      };
    case "released":
      return { release: "the runner is shutting down" };
    case "lease_unconfirmed":
      return { release: "the server could not be reached while the lease ran out" };
    case "lease_lost":
      return "drop";
  }
}

function sized(outcome: JobOutcome): JobOutcome {
  const bytes = Buffer.byteLength(JSON.stringify(outcome));
  if (bytes <= MAX_PAYLOAD_BYTES) return outcome;
  return new JobError(
    "PayloadTooLarge",
    `the outputs are ${bytes} bytes of JSON, at most ${MAX_PAYLOAD_BYTES} fit`,
    {
      retryable: false,
    },
  ).outcome();
}

async function perform(
  job: Job,
  host: JobHost,
  controller: AbortController,
  heart: Heart,
  log: JobLog,
): Promise<End> {
  const { signal } = controller;
  const masker = new Masker();
  const write = (text: string) => {
    log.write(text);
    heart.wake();
  };
  const streams = { stdout: new MaskedStream(masker, write), stderr: new MaskedStream(masker, write) };
  const say = (line: string) => {
    log.line(`--- ${masker.mask(line)}`);
    heart.wake();
  };
  await mkdir(host.workRoot, { recursive: true });
  const folder = await mkdtemp(join(host.workRoot, "job-"));
  const workDir = join(folder, "work");
  const fileDir = join(folder, "answers");
  const temporary = join(folder, "tmp");
  await Promise.all([workDir, fileDir, temporary].map((path) => mkdir(path)));
  try {
    const reference = parseFunctionReference(job.function.reference);
    if (!reference.ok) {
      throw new JobError("FunctionNotFound", reference.error.message, { retryable: false });
    }
    const found = await host.resolver.resolve(reference.value, { pinned: job.function.resolved, signal });
    heart.report({ resolved: found.resolved });
    say(`${job.function.reference} is ${found.resolved}`);
    const { outputs, sensitive } = await executeFunction(
      {
        resolver: host.resolver,
        job: {
          id: job.id,
          attempt: String(job.attempt),
          run_url: job.run_url,
          environment: job.environment ?? "",
          idempotency_key: job.idempotency_key,
        },
        idempotencyKey: job.idempotency_key,
        variables: host.variables,
        environment: {
          ...host.environment,
          TMPDIR: temporary,
          SLUICE_JOB_ID: job.id,
          SLUICE_ATTEMPT: String(job.attempt),
          SLUICE_ENVIRONMENT: job.environment ?? "",
          SLUICE_RUN_URL: job.run_url,
          ...(job.traceparent === undefined ? {} : { TRACEPARENT: job.traceparent }),
        },
        workDir,
        fileDir,
        signal,
        output: (chunk, stream) => streams[stream].push(chunk),
        outputEnd: () => {
          streams.stdout.end();
          streams.stderr.end();
        },
        say,
        hide: (secrets) => masker.add(secrets),
        onSensitiveInputs: (names) => heart.tellSensitive(names),
        onProcessGroup: (group) => {
          void host.leases
            .put({ id: job.id, lease: job.lease, ...(group !== undefined && { group }) })
            .catch((error: unknown) =>
              host.say(`the lease of ${job.id} could not be kept: ${String(error)}`),
            );
        },
        onProgress: ({ message, ...count }) =>
          heart.report({
            progress: { ...count, ...(message === undefined ? {} : { message: masker.mask(message) }) },
          }),
        tail: () => log.tail(),
        hasBash: host.hasBash,
        killGraceMs: host.killGraceMs,
      },
      found,
      { inputs: job.inputs, sensitive: job.sensitive_inputs },
    );
    return { outcome: sized({ ok: outputs }), sensitive };
  } catch (error) {
    if (signal.aborted && signal.reason instanceof Stopped) return endOf(signal.reason, job);
    const failure = asJobError(error);
    say(`${failure.code}: ${failure.message.split("\n")[0]}`);
    return { outcome: sized(masked(failure, masker).outcome()) };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
      host.say(`the folder of ${job.id} could not be removed: ${String(error)}`),
    );
  }
}

function completionOf(lease: string, outcome: JobOutcome, sensitive: string[] = []): Completion {
  return { lease, outcome, ...(sensitive.length === 0 ? {} : { sensitive_outputs: sensitive }) };
}

async function answer(
  { id, lease }: { id: string; lease: string },
  host: JobHost,
  end: End,
  signal?: AbortSignal,
): Promise<void> {
  if (end === "drop") {
    host.say(`${id}: the job is no longer ours, its work was stopped`);
    return;
  }
  const giveUpAt = Date.now() + ANSWER_FOR_MS;
  await untilAnswered(
    () =>
      "outcome" in end
        ? host.client.complete(id, completionOf(lease, end.outcome, end.sensitive))
        : host.client.release(id, { lease, reason: end.release }),
    {
      giveUpAt,
      onFailure: (error) => host.say(`${id}: ${error.message}, will try again`),
      ...(signal && { signal }),
    },
  );
}

/**
 * Delivers an outcome that an earlier process of this runner had, as that one would have. Never throws. When the
 * runner stops before there is an answer, the outcome stays on disk for the next one.
 */
export async function deliverLeft(left: LeaseRecord & { outcome: JobOutcome }, host: JobHost): Promise<void> {
  const end = { outcome: left.outcome, ...(left.sensitive_outputs && { sensitive: left.sensitive_outputs }) };
  try {
    await answer(left, host, end, host.signal);
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") {
      host.say(`${left.id}: nobody has answered; its outcome stays for the next start`);
      return;
    }
    host.say(`${left.id}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await host.leases.remove(left.id);
}

/**
 * Runs a job and answers for it. Never throws: what goes wrong with the job is its outcome, what goes wrong around
 * it is said through `host.say`.
 */
export async function runJob(job: Job, host: JobHost): Promise<void> {
  const controller = new AbortController();
  const stop = (why: Stop) => controller.abort(new Stopped(why));
  const log = new JobLog();
  const heart = new Heart({ job, client: host.client, log, onStop: stop });
  const release = () => stop("released");
  host.signal.addEventListener("abort", release, { once: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    await host.leases.put({ id: job.id, lease: job.lease });
    await heart.start();
    timer = setTimeout(() => stop("timeout"), Math.min(job.timeout_s * 1000, LONGEST_TIMER_MS));
    if (host.signal.aborted) release();
    const end = await perform(job, host, controller, heart, log);
    if (end !== "drop" && "outcome" in end) {
      await host.leases.put({ id: job.id, ...completionOf(job.lease, end.outcome, end.sensitive) });
    }
    await heart.stop();
    await answer(job, host, end);
  } catch (error) {
    // Nothing was answered: the lease runs out, and the server decides what becomes of the job.
    host.say(`${job.id}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
    host.signal.removeEventListener("abort", release);
    await heart.stop();
    await host.leases.remove(job.id);
  }
}
