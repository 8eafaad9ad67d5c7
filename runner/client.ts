// The runner protocol (docs/runner-protocol.md) from the runner's side.
import { z } from "zod";
import {
  type Completion,
  type Heartbeat,
  heartbeatAnswerSchema,
  type Job,
  jobSchema,
  type RunnerInfo,
} from "../src/protocol/job.ts";
import { problemSchema } from "../src/protocol/problem.ts";

const ANSWER_TIMEOUT_MS = 15_000;

/** The server could not be asked, or not now: the same call may succeed later. */
export class ServerUnreachable extends Error {}

/** The server has answered, and the answer is no. `code` is that of its problem document. */
export class ServerRefused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

async function refusal(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemSchema.safeParse(body);
  const detail = problem.success ? problem.data.detail : `HTTP ${response.status}`;
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    return new ServerUnreachable(detail);
  }
  return new ServerRefused(response.status, problem.success ? problem.data.code : "unknown", detail);
}

export class RunnerClient {
  readonly #base: string;
  readonly #token: string;

  constructor(options: { url: string; token: string }) {
    this.#base = options.url.replace(/\/+$/, "");
    this.#token = options.token;
  }

  /** Waits up to `waitSeconds` for a job. */
  async request(runner: RunnerInfo, waitSeconds: number, signal: AbortSignal): Promise<Job | undefined> {
    const body = { runner, wait_s: waitSeconds };
    const response = await this.#post(
      "/v1/jobs/request",
      body,
      waitSeconds * 1000 + ANSWER_TIMEOUT_MS,
      signal,
    );
    if (response.status === 204) return undefined;
    return await this.#read(response, jobSchema);
  }

  async heartbeat(id: string, beat: Heartbeat): Promise<z.infer<typeof heartbeatAnswerSchema>> {
    return await this.#read(await this.#post(`/v1/jobs/${id}/heartbeat`, beat), heartbeatAnswerSchema);
  }

  async complete(id: string, completion: Completion): Promise<void> {
    await this.#read(await this.#post(`/v1/jobs/${id}/complete`, completion), z.unknown());
  }

  async release(id: string, release: { lease: string; reason: string }): Promise<void> {
    await this.#read(await this.#post(`/v1/jobs/${id}/release`, release), z.unknown());
  }

  async #post(
    path: string,
    body: unknown,
    timeoutMs = ANSWER_TIMEOUT_MS,
    signal?: AbortSignal,
  ): Promise<Response> {
    const timeout = AbortSignal.timeout(Math.round(timeoutMs));
    let response: Response;
    try {
      response = await fetch(this.#base + path, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
        // A token must not travel to wherever a redirect points.
        redirect: "error",
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new ServerUnreachable(`${this.#base} does not answer: ${reason(error)}`, { cause: error });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async #read<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.output<Schema>> {
    let body: unknown;
    try {
      body = await response.json();
    } catch (error) {
      throw new ServerUnreachable(`the answer of ${this.#base} broke off: ${reason(error)}`, {
        cause: error,
      });
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new ServerRefused(
      response.status,
      "unknown",
      `the answer of ${this.#base} is not the runner protocol's`,
    );
  }
}
