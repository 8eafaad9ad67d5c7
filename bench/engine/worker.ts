// What the engine's benchmark runs in workerd: Sluice's actors, a bare object, a Cloudflare Workflow, and a door to
// them. Nothing here measures: a Worker's clock stands still while it computes.
import { DurableObject, WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { Directory as DirectoryActor } from "../../durable-objects/directory.ts";
import type { StartRun, WorkflowRunRpc } from "../../durable-objects/rpc/workflow-run.ts";
import { sha256 } from "../../durable-objects/sha256.ts";
import { DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import { WorkflowRun as Actor } from "../../durable-objects/workflow-run.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { loadWorkflow, programOf } from "../../src/workflow/index.ts";
import type { Database } from "./database.ts";

export { Catalog } from "../../durable-objects/catalog.ts";
export { Environment } from "../../durable-objects/environment.ts";
export { EventBus } from "../../durable-objects/event-bus.ts";
export { JobRouter } from "../../durable-objects/job-router.ts";

/** The actor, with what only the benchmark asks of it. */
export class WorkflowRun extends Actor {
  /** Loses its memory, as in a crash. */
  async abort(): Promise<void> {
    await this.ctx.storage.sync();
    this.ctx.abort("benchmark");
  }

  /** Answers when the run is over. The start's own answer comes after what the run tells others. */
  async runToEnd(run: StartRun): Promise<void> {
    const started = this.start(run);
    this.ctx.waitUntil(started);
    while ((await this.standing(run)).state !== "over") {
      // A start that failed has no end to wait for.
      await Promise.race([scheduler.wait(1), started.then(() => scheduler.wait(1))]);
    }
  }

  async databaseSize(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }

  async database(): Promise<Database> {
    const { sql } = this.ctx.storage;
    const made = sql.exec<{ type: string; name: string; statement: string }>(
      "SELECT type, name, sql AS statement FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
    );
    const all = [...made];
    const tables = all.filter(({ type }) => type === "table").map(({ name }) => name);
    const rows = tables.flatMap((table) =>
      Array.from(sql.exec(`SELECT * FROM ${table}`).raw(), (values) => ({ table, values })),
    );
    return { schema: all.map(({ statement }) => statement), rows };
  }
}

/** The read model, with what only the benchmark asks of it: of runs in general, so that none of them is woken. */
export class Directory extends DirectoryActor {
  /** How many runs have not told it that they are over. */
  async unfinished(): Promise<number> {
    const { sql } = this.ctx.storage;
    return sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM runs WHERE finished_at IS NULL").one().n;
  }

  /** When runs have succeeded since then; ms since the epoch. */
  async successes(since: number): Promise<number[]> {
    const query = "SELECT finished_at AS at FROM runs WHERE state = 'succeeded' AND finished_at >= ?";
    return Array.from(this.ctx.storage.sql.exec<{ at: number }>(query, since), ({ at }) => at);
  }
}

/** The yardstick: the rows of a run, one after another, and nothing else. */
export class Bare extends DurableObject {
  /** The same tables, with the same rows, in one transaction. */
  async copy({ schema, rows }: Database): Promise<void> {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec(schema.join(";\n"));
      for (const { table, values } of rows)
        sql.exec(`INSERT INTO ${table} VALUES (${values.map(() => "?").join(", ")})`, ...values);
    });
  }

  /** The records of a journal, and no other table: one transaction a turn. */
  async write(turns: string[][]): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, record TEXT NOT NULL)");
    for (const rows of turns) {
      this.ctx.storage.transactionSync(() => {
        for (const row of rows) sql.exec("INSERT INTO journal (record) VALUES (?)", row);
      });
    }
  }
}

/** Steps that do as little as ours. */
export class BenchWorkflow extends WorkflowEntrypoint<BenchEnv, { steps: number }> {
  override async run(event: WorkflowEvent<{ steps: number }>, step: WorkflowStep): Promise<number> {
    for (let n = 0; n < event.payload.steps; n++) await step.do(`step ${n}`, async () => n);
    return event.payload.steps;
  }
}

interface BenchEnv extends Env {
  BARE: DurableObjectNamespace;
  BENCH_WORKFLOW: Workflow<{ steps: number }>;
}

type RunActor = WorkflowRunRpc & Pick<WorkflowRun, "abort" | "database" | "databaseSize" | "runToEnd">;

/** What the benchmark asks for. `run` is the id of a run, or names another object. */
type Order =
  | { op: "start"; run: RunId; source: string; data: StartRun["event"]["data"]; finish: boolean }
  | { op: "again"; run: RunId; source: string; data: StartRun["event"]["data"] }
  | { op: "journal"; run: RunId; after: number }
  | { op: "size"; run: RunId }
  | { op: "database"; run: RunId }
  | { op: "unfinished" }
  | { op: "successes"; since: number }
  | { op: "abort"; run: RunId }
  | { op: "bare"; run: string; turns: string[][] }
  | { op: "copy"; run: string; database: Database }
  | { op: "cloudflare"; run: string; steps: number };

function runActor(env: BenchEnv, run: RunId): RunActor {
  const id = env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${run}`);
  return env.WORKFLOW_RUN.get(id) as unknown as RunActor;
}

function bare(env: BenchEnv, name: string): Bare {
  return env.BARE.get(env.BARE.idFromName(name)) as unknown as Bare;
}

function directory(env: BenchEnv): Directory {
  return directoryStub(env, DEFAULT_WORKSPACE) as unknown as Directory;
}

const prepared = new Map<string, Pick<StartRun, "program" | "trigger">>();

function prepare(source: string): Pick<StartRun, "program" | "trigger"> {
  const known = prepared.get(source);
  if (known) return known;
  const program = programOf({ entry: "bench.star", files: { "bench.star": source } }, sha256);
  const workflow = loadWorkflow(program, { name: "bench", sha256Hex: sha256 });
  const trigger = workflow.ok ? workflow.value.triggers[0] : undefined;
  if (!trigger) throw new Error("the benchmark's workflow does not load");
  const made = { program, trigger };
  prepared.set(source, made);
  return made;
}

function startOf({ run, source, data }: { run: RunId; source: string; data: unknown }): StartRun {
  return {
    id: run,
    workspace: DEFAULT_WORKSPACE,
    workflow: "bench",
    ...prepare(source),
    event: { specversion: "1.0", id: run, source: "/bench", type: "bench", data: data as never },
    eventSeq: 1,
    initiator: "bench",
  };
}

async function carryOut(order: Order, env: BenchEnv): Promise<unknown> {
  switch (order.op) {
    case "start": {
      const actor = runActor(env, order.run);
      await (order.finish ? actor.runToEnd(startOf(order)) : actor.start(startOf(order)));
      return {};
    }
    case "again":
      await runActor(env, order.run).start(startOf(order));
      return {};
    case "journal":
      return await runActor(env, order.run).journal({ after: order.after, limit: 100_000 });
    case "size":
      return await runActor(env, order.run).databaseSize();
    case "database":
      return await runActor(env, order.run).database();
    case "unfinished":
      return await directory(env).unfinished();
    case "successes":
      return await directory(env).successes(order.since);
    case "abort":
      await runActor(env, order.run)
        .abort()
        .catch(() => {});
      return {};
    case "bare":
      await bare(env, order.run).write(order.turns);
      return {};
    case "copy":
      await bare(env, order.run).copy(order.database);
      return {};
    case "cloudflare": {
      const instance = await env.BENCH_WORKFLOW.create({ id: order.run, params: { steps: order.steps } });
      for (;;) {
        const { status, error } = await instance.status();
        if (status === "complete") return {};
        if (status === "errored" || status === "terminated") throw new Error(`${status}: ${error?.message}`);
        await scheduler.wait(1);
      }
    }
  }
}

export default {
  async fetch(request: Request, env: BenchEnv): Promise<Response> {
    return Response.json(await carryOut((await request.json()) as Order, env));
  },
};
