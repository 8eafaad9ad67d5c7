import type { RunId } from "../src/protocol/ids.ts";
import { type Result, refuse } from "../src/protocol/result.ts";
import { isWaiting, neverBegan } from "../src/protocol/start.ts";
import type { WorkflowRunRpc } from "./rpc/workflow-run.ts";
import { busStub, directoryStub, runStub } from "./stubs.ts";

interface NamedRun {
  workspace: string;
  id: RunId;
}

type Ask<T> = (run: WorkflowRunRpc) => Promise<Result<T>>;

/**
 * Asks a run, after it was brought back from the archive where it is there. That it is unknown is not all there is to
 * say of one that is about to start, whose start waits or was dropped, or whose journal is no longer kept: then the
 * refusal tells (`run_not_started`, `run_expired`).
 */
export async function askRun<T>(env: Env, named: NamedRun, ask: Ask<T>): Promise<Result<T>> {
  const answer = await ask(runStub(env, named.workspace, named.id));
  return isUnknown(answer) ? await askAway(env, named, ask) : answer;
}

/**
 * The same for who goes on to the run in its place, `details.run` of the refusal: one that is archived is not brought
 * back only to name that one. Whether it had taken the same request, a day ago or longer, it is not asked.
 */
export async function askRunInPlace<T>(env: Env, named: NamedRun, ask: Ask<T>): Promise<Result<T>> {
  const answer = await ask(runStub(env, named.workspace, named.id));
  if (!isUnknown(answer)) return answer;
  const over = await ofDirectory(env, named);
  const goesOn = over && !over.ok && over.error.details?.run !== undefined;
  return goesOn ? over : await askAway(env, named, ask);
}

async function askAway<T>(env: Env, named: NamedRun, ask: Ask<T>): Promise<Result<T>> {
  const run = runStub(env, named.workspace, named.id);
  const restored = await run.restore(named);
  const why = restored.ok ? undefined : await whyUnknown(env, named);
  // Where its start is no longer on its way, it may have arrived meanwhile.
  return why ?? (await ask(run));
}

function isUnknown(answer: Result<unknown>): boolean {
  return !answer.ok && answer.error.code === "unknown_run";
}

async function whyUnknown(env: Env, named: NamedRun): Promise<Result<never> | undefined> {
  const { workspace, id } = named;
  const bus = busStub(env, workspace);
  const start = await bus.queuedStart(id);
  if (start.ok && isWaiting(start.value)) {
    const { state, reason } = start.value;
    return refuse(
      "run_not_started",
      `the run has not started yet, it is ${state}: ${reason}. POST /v1/queue/${id}/cancel takes it back`,
    );
  }
  // One that had begun is over, and gone since, whatever the bus says of its place.
  const over = await ofDirectory(env, named);
  if (over) return over;
  const state = start.ok ? start.value.state : undefined;
  if (state === "started" || (!start.ok && (await bus.isBeginning(id)))) {
    return refuse(
      "run_not_started",
      "the run is about to start. Where its start has failed too often, POST /v1/outbox/retry of `bus` sends it again",
    );
  }
  if (!start.ok || state === "finished") return undefined;
  return neverBegan(start.value);
}

async function ofDirectory(env: Env, { workspace, id }: NamedRun): Promise<Result<never> | undefined> {
  const known = await directoryStub(env, workspace).run(id);
  if (known?.finishedAt === undefined) return undefined;
  const { state, continuedAs } = known;
  const at = new Date(known.finishedAt).toISOString();
  const next = continuedAs === undefined ? "" : `. It goes on as ${continuedAs}`;
  return refuse(
    "run_expired",
    `the run ${state} at ${at}, and its journal is no longer kept${next}`,
    continuedAs === undefined ? undefined : { run: continuedAs },
  );
}
