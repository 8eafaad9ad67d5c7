// A server that speaks the runner protocol, as far as a runner can tell, and records what it is told.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Heartbeat, Job, JobOutcome, RunnerInfo } from "../../src/protocol/job.ts";

interface Taken {
  job: Job;
  log: Buffer;
  beats: Heartbeat[];
  outcome?: JobOutcome;
  released?: string;
  /** Told at the next heartbeat. */
  cancel: boolean;
  /** From now on the lease is somebody else's. */
  isLost: boolean;
}

const problem = (status: number, code: string) => ({
  status,
  body: { type: `/docs/errors#${code}`, title: code, status, detail: `refused: ${code}`, code },
});

export async function aServer() {
  const queue: Job[] = [];
  const taken = new Map<string, Taken>();
  const polls: { runner: RunnerInfo; answer: (job: Job | undefined) => void }[] = [];
  const state = {
    isDown: false,
    /** It is, from its answer to the next heartbeat on. */
    goesDown: false,
    token: "secret-token",
    completions: 0,
    losesNext: false,
  };
  let count = 0;

  function handOver() {
    while (queue.length > 0 && polls.length > 0) {
      const [job, poll] = [queue.shift(), polls.shift()];
      if (!job || !poll) return;
      taken.set(job.id, { job, log: Buffer.alloc(0), beats: [], cancel: false, isLost: state.losesNext });
      state.losesNext = false;
      poll.answer(job);
    }
  }

  function enqueue(reference: string, overrides: Partial<Job> = {}): string {
    count += 1;
    const id = overrides.id ?? `run_${count.toString(16).padStart(32, "0")}~0-1~1`;
    queue.push({
      id,
      attempt: 1,
      lease: `lease-${count}`,
      lease_seconds: 30,
      function: { reference },
      inputs: {},
      timeout_s: 60,
      idempotency_key: `${id}-key`,
      run_url: "http://sluice.test/v1/runs/x",
      ...overrides,
    });
    handOver();
    return id;
  }

  type Answer = { status: number; body?: unknown } | Promise<{ status: number; body?: unknown }>;

  function onJob(id: string, what: string, body: never): Answer {
    const found = taken.get(id);
    const { lease } = body as { lease: string };
    if (!found) return problem(404, "unknown_job");
    if (found.isLost || lease !== found.job.lease) return problem(409, "lease_lost");
    if (what === "heartbeat") {
      const beat = body as Heartbeat;
      found.beats.push(beat);
      if (state.goesDown) state.isDown = true;
      const { log } = beat;
      if (log) {
        const fresh = Buffer.from(log.text).subarray(Math.max(0, found.log.length - log.offset));
        if (log.offset > found.log.length) return problem(400, "log_gap");
        found.log = Buffer.concat([found.log, fresh]);
      }
      return { status: 200, body: { cancel: found.cancel, lease_expires_at: Date.now() + 1000 } };
    }
    if (what === "complete") {
      state.completions += 1;
      found.outcome = (body as { outcome: JobOutcome }).outcome;
      return { status: 200, body: { repeated: false } };
    }
    found.released = (body as { reason: string }).reason;
    return { status: 200, body: {} };
  }

  function onRequest(body: { runner: RunnerInfo; wait_s: number }, closed: Promise<void>): Answer {
    return new Promise((resolve) => {
      const poll = {
        runner: body.runner,
        answer: (job: Job | undefined) => {
          clearTimeout(timer);
          resolve(job ? { status: 200, body: job } : { status: 204 });
        },
      };
      const leave = () => {
        const at = polls.indexOf(poll);
        if (at >= 0) polls.splice(at, 1);
        poll.answer(undefined);
      };
      const timer = setTimeout(leave, body.wait_s * 1000);
      void closed.then(leave);
      polls.push(poll);
      handOver();
    });
  }

  const server = createServer(async (request, response) => {
    if (state.isDown) {
      request.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as never;
    const closed = new Promise<void>((resolve) => response.once("close", () => resolve()));
    const parts = /^\/v1\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(request.url ?? "");
    const answer =
      request.headers.authorization !== `Bearer ${state.token}`
        ? problem(401, "unauthenticated")
        : parts?.[1] === "request"
          ? await onRequest(body, closed)
          : onJob(parts?.[1] ?? "", parts?.[2] ?? "", body);
    const { status, body: answered } = await answer;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(answered === undefined ? undefined : JSON.stringify(answered));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const poll of polls.splice(0)) poll.answer(undefined);
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    taken,
    polls,
    enqueue,
    /** Ends connections as a crash does. */
    drop: () => server.closeAllConnections(),
    of: (id: string) => {
      const found = taken.get(id);
      if (!found) throw new Error(`${id} was not taken`);
      return found;
    },
  };
}
