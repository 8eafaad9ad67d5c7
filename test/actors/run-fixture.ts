// Runs for tests: from a script to a started WorkflowRun.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { StartRun, WorkflowRunRpc } from "../../durable-objects/rpc/workflow-run.ts";
import { sha256 } from "../../durable-objects/sha256.ts";
import { DEFAULT_WORKSPACE, runStub } from "../../durable-objects/stubs.ts";
import { WORKFLOW_START } from "../../src/events/workflow-start.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { RunDetail } from "../../src/protocol/run.ts";
import type { Identity } from "../../src/protocol/token.ts";
import { loadWorkflow, programOf } from "../../src/workflow/index.ts";

export const operator: Identity = { subject: "olivia", role: "operator", tokenId: "t1" };

export function event(overrides: Partial<CloudEvent> = {}): CloudEvent {
  return { specversion: "1.0", id: crypto.randomUUID(), source: "/test", type: "go", data: {}, ...overrides };
}

/** A script whose handler `main` has the given body, one argument `w` and one `ev`, and starts on `go`. */
export function script(body: string): string {
  const indented = body.trim().replaceAll(/^/gm, "    ");
  return `def main(w, ev):\n${indented}\n\non_event(type = "go", handler = main)\n`;
}

/** What the bus would send for a new run of `source`. */
export function startOf(source: string, overrides: Partial<StartRun> = {}): StartRun {
  const program = programOf({ entry: "test.star", files: { "test.star": source } }, sha256);
  const workflow = loadWorkflow(program, { name: "test", sha256Hex: sha256 });
  if (!workflow.ok) throw new Error(JSON.stringify(workflow.error));
  const trigger = workflow.value.triggers[0];
  if (!trigger) throw new Error("the script has no trigger");
  return {
    id: newRunId(),
    workspace: DEFAULT_WORKSPACE,
    workflow: "test",
    program,
    trigger,
    event: event(),
    eventSeq: 1,
    initiator: "alice",
    ...overrides,
  };
}

/** What a start of a script's `main` has where the first command of another run asks for it. */
export function startedBy(parent: RunId): Pick<StartRun, "trigger" | "event"> {
  return {
    trigger: { id: "test/start", type: WORKFLOW_START, handler: "main" },
    event: event({ type: WORKFLOW_START, subject: "test", sluiceparent: `${parent}/0#1` }),
  };
}

export function newRunId(): RunId {
  return `run_${crypto.randomUUID().replaceAll("-", "")}` as RunId;
}

export const command = (id: string) => id as CommandId;

/** A run and what tests ask of it. */
export class TestRun {
  readonly id: RunId;
  readonly stub: DurableObjectStub;

  constructor(id: RunId) {
    this.id = id;
    this.stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${id}`));
  }

  /** A fresh stub for each call: a stub whose object was aborted stays broken. */
  get rpc(): WorkflowRunRpc {
    return runStub(env, DEFAULT_WORKSPACE, this.id);
  }

  async detail(): Promise<RunDetail> {
    return unwrap(await this.rpc.detail());
  }

  async state(): Promise<string> {
    return (await this.detail()).state;
  }

  async journal(): Promise<JournalRecord[]> {
    return unwrap(await this.rpc.journal({ after: 0, limit: 100_000 })).records;
  }

  async logTexts(): Promise<string[]> {
    return unwrap(await this.rpc.log({ after: 0, limit: 100_000 })).lines.map(({ text }) => text);
  }

  /** Waits until the run is in one of `states`, on the real clock. */
  async until(...states: RunDetail["state"][]): Promise<RunDetail> {
    return await vi.waitFor(
      async () => {
        const detail = await this.detail();
        if (!states.includes(detail.state)) throw new Error(`the run is ${JSON.stringify(detail, null, 1)}`);
        return detail;
      },
      { timeout: 8000, interval: 10 },
    );
  }
}

/** Starts a run as the bus would. */
export async function startRun(source: string, overrides: Partial<StartRun> = {}): Promise<TestRun> {
  const start = startOf(source, overrides);
  const run = new TestRun(start.id);
  await run.rpc.start(start);
  return run;
}

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** A journal as it is the same for two runs of one story: without times, chance and what names the run. */
export function comparable(records: readonly JournalRecord[], id: RunId): unknown {
  return JSON.parse(
    JSON.stringify(records, (key, value) => (key === "at" || key === "time" ? undefined : value)).replaceAll(
      id,
      "RUN",
    ),
  );
}
