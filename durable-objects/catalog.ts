// The catalog: one per workspace. Owns workflows by version and functions with their trust, and keeps the index of
// which calls each environment governs.
//
// 1. What others work with is a copy that says which version it is of: triggers and programs in the bus, told by the
//    outbox; the index of environments here, told by theirs. An older version never replaces a newer one.
// 2. A workflow that does not load changes nothing: neither here nor in the bus.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/catalog/migrations.js";
import { canonicalTarget } from "../src/environments/target.ts";
import { checkFilter } from "../src/events/filter.ts";
import { checkKey } from "../src/events/key.ts";
import type { Target } from "../src/protocol/environment.ts";
import { canonicalNameAndVersion } from "../src/protocol/function-name.ts";
import { nameOfReference } from "../src/protocol/function-reference.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { MAX_PLACES } from "../src/protocol/place.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { Identity } from "../src/protocol/token.ts";
import type {
  CatalogFunction,
  ProgramSource,
  Trigger,
  WorkflowInput,
  WorkflowVersion,
  WorkflowView,
} from "../src/protocol/workflow.ts";
import { openActorStorage } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { applyMigrations } from "../src/storage/migrations.ts";
import type { Outbox } from "../src/storage/outbox.ts";
import { atMost } from "../src/storage/patience.ts";
import { RowTooLarge } from "../src/storage/row-size.ts";
import type { Timers } from "../src/storage/timers.ts";
import { loadWorkflow } from "../src/workflow/index.ts";
import { governingEnvironment, targetsOf } from "./catalog/governing.ts";
import { WorkflowRows } from "./catalog/workflow-rows.ts";
import { deliverMessage, message } from "./deliver.ts";
import { retryParked } from "./parked-messages.ts";
import type { CatalogRpc, Governing } from "./rpc/catalog.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

/** How long `putWorkflow` waits for the bus to have the triggers before it answers all the same. */
const TELL_PATIENCE_MS = 5000;

/** More of them are slower to send with every answer than to ask about. */
const MAX_TOLD_TARGETS = 20;

type FunctionRow = { name: string; trust_score: number; description: string; updated_at: number };
type TargetsRow = { environment: string; version: number; targets: string | null };

export class Catalog extends DurableObject<Env> implements CatalogRpc {
  readonly #sql: SqlStorage;
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #workflows: WorkflowRows;
  /** Environments with their targets, as in the rows; read again after every change. Asked at every call of every run. */
  #environments: { name: string; targets: Target[] }[] | undefined;
  /** Trust scores by name, likewise. */
  #trust: Map<string, number> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    ({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
    } = openActorStorage(ctx.storage, {
      deliver: (queued) => deliverMessage(env, DEFAULT_WORKSPACE, queued),
    }));
    this.#workflows = new WorkflowRows(this.#sql);
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
    });
  }

  // ---------------------------------------------------------------- workflows

  async putWorkflow(workflow: {
    name: string;
    input: WorkflowInput;
    by: Identity;
  }): Promise<Result<WorkflowView>> {
    const { name, input, by } = workflow;
    const loaded = loadWorkflow(input, { name, sha256Hex: sha256, checkFilter, checkKey });
    if (!loaded.ok) return loaded;
    const { digest, triggers } = loaded.value;
    const program: ProgramSource = { digest, entry: input.entry, files: input.files };
    try {
      this.#alarm.transaction(() => {
        const { version } = this.#currentOrNext({ name, program, triggers }, by);
        // Also when it is there already: should an operator have lost the first message, putting again mends it.
        this.#outbox.add(message("bus", "", "setTriggers", [{ workflow: name, version, program, triggers }]));
      });
    } catch (error) {
      if (error instanceof RowTooLarge) return refuse("payload_too_large", error.message);
      throw error;
    }
    await atMost(TELL_PATIENCE_MS, this.#outbox.flush());
    return this.#workflows.find(name);
  }

  /** The newest version, if it is this program; otherwise this program as the next. */
  #currentOrNext(
    workflow: { name: string; program: ProgramSource; triggers: Trigger[] },
    by: Identity,
  ): WorkflowView {
    const { name, program } = workflow;
    const known = this.#workflows.find(name);
    if (known.ok && known.value.digest === program.digest) return known.value;
    const now = Date.now();
    const view = this.#workflows.insert(workflow, by.subject, now);
    const { digest, version } = view;
    this.#audit(`workflow/${name}/${version}`, by, "workflow.put", name, { version, digest }, now);
    return view;
  }

  async workflows(): Promise<WorkflowView[]> {
    return this.#workflows.all();
  }

  async workflow(name: string): Promise<Result<WorkflowView & { program: ProgramSource }>> {
    const found = this.#workflows.find(name);
    return found.ok ? ok({ ...found.value, program: this.#workflows.program(found.value.digest) }) : found;
  }

  async versions(page: { name: string; before?: number; limit: number }): Promise<Result<WorkflowVersion[]>> {
    return this.#workflows.versions(page);
  }

  async version(name: string, version: number): ReturnType<CatalogRpc["version"]> {
    return this.#workflows.version(name, version);
  }

  async removeWorkflow(name: string, by: Identity): Promise<Result<null>> {
    const removed = this.#alarm.transaction(() => {
      const now = Date.now();
      const version = this.#workflows.remove(name, by.subject, now);
      if (!version.ok) return version;
      const update = { workflow: name, version: version.value, program: null, triggers: [] };
      this.#outbox.add(message("bus", "", "setTriggers", [update]));
      const key = `workflow/${name}/${version.value}`;
      this.#audit(key, by, "workflow.removed", name, { version: version.value }, now);
      return ok(null);
    });
    if (removed.ok) await atMost(TELL_PATIENCE_MS, this.#outbox.flush());
    return removed;
  }

  // ---------------------------------------------------------------- functions

  async putFunction(fn: {
    name: string;
    trustScore: number;
    description: string;
    by: Identity;
  }): Promise<CatalogFunction> {
    const { trustScore, description, by } = fn;
    const name = canonicalNameAndVersion(fn.name);
    const updatedAt = Date.now();
    this.#alarm.transaction(() => {
      this.#sql.exec(
        "INSERT OR REPLACE INTO functions (name, trust_score, description, updated_at) VALUES (?, ?, ?, ?)",
        name,
        trustScore,
        description,
        updatedAt,
      );
      const key = `function/${name}/${updatedAt}`;
      this.#audit(key, by, "function.put", name, { trustScore, description }, updatedAt);
    });
    this.#trust = undefined;
    void this.#outbox.flush();
    return { name, trustScore, description, updatedAt };
  }

  async functions(): Promise<CatalogFunction[]> {
    return this.#sql
      .exec<FunctionRow>("SELECT * FROM functions ORDER BY name")
      .toArray()
      .map((row) => ({
        name: row.name,
        trustScore: row.trust_score,
        description: row.description,
        updatedAt: row.updated_at,
      }));
  }

  async learnSensitive({ reference, inputs }: Parameters<CatalogRpc["learnSensitive"]>[0]): Promise<void> {
    const name = nameOfReference(reference);
    const known = this.#sensitiveOf(name);
    const all = [...new Set([...known, ...inputs])].slice(0, MAX_PLACES);
    if (all.length === known.length) return;
    this.#sql.exec(
      `INSERT INTO sensitive_inputs (function, inputs) VALUES (?, ?)
       ON CONFLICT (function) DO UPDATE SET inputs = excluded.inputs`,
      name,
      JSON.stringify(all),
    );
  }

  #sensitiveOf(name: string): string[] {
    const [row] = this.#sql
      .exec<{ inputs: string }>("SELECT inputs FROM sensitive_inputs WHERE function = ?", name)
      .toArray();
    return row ? (JSON.parse(row.inputs) as string[]) : [];
  }

  // ------------------------------------------------------------- environments

  async setTargets(update: {
    environment: string;
    version: number;
    targets: Target[] | null;
  }): Promise<void> {
    this.#sql.exec(
      `INSERT INTO targets (environment, version, targets) VALUES (?, ?, ?)
       ON CONFLICT (environment) DO UPDATE SET version = excluded.version, targets = excluded.targets
       WHERE excluded.version > targets.version`,
      update.environment,
      update.version,
      update.targets === null ? null : JSON.stringify(update.targets),
    );
    this.#environments = undefined;
  }

  async governing(call: Parameters<CatalogRpc["governing"]>[0]): Promise<Result<Governing>> {
    const { reference, inputs } = call;
    const name = nameOfReference(reference);
    const environment = governingEnvironment(
      { name, inputs, environment: call.environment },
      this.#indexed(),
    );
    if (!environment.ok) return environment;
    const targets = targetsOf(name, this.#indexed(), MAX_TOLD_TARGETS);
    return ok({
      trustScore: this.#trustOf(reference, name),
      environment: environment.value,
      sensitive: this.#sensitiveOf(name),
      ...(targets && { targets }),
    });
  }

  /** A score for one version of a function (`host/path@v1.2.0`) goes before that of the function. */
  #trustOf(reference: string, name: string): number {
    this.#trust ??= new Map(
      this.#sql
        .exec<{ name: string; trust_score: number }>(
          "SELECT name, trust_score FROM functions ORDER BY updated_at",
        )
        .toArray()
        .map((row) => [canonicalNameAndVersion(row.name), row.trust_score]),
    );
    return this.#trust.get(canonicalNameAndVersion(reference)) ?? this.#trust.get(name) ?? 0;
  }

  #indexed(): { name: string; targets: Target[] }[] {
    this.#environments ??= this.#sql
      .exec<TargetsRow>("SELECT * FROM targets WHERE targets IS NOT NULL ORDER BY environment")
      .toArray()
      .map((row) => ({ name: row.environment, targets: targetsIn(row) }));
    return this.#environments;
  }

  // ------------------------------------------------------------------ telling

  #audit(key: string, by: Identity, action: string, subject: string, data: JsonObject, at: number): void {
    this.#outbox.add(
      message("directory", "", "apply", [{ audit: [{ key, at, by: by.subject, action, subject, data }] }]),
    );
  }

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#outbox.parked();
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return retryParked(this.#outbox, request);
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: () => {},
    });
  }
}

function targetsIn({ targets }: TargetsRow): Target[] {
  return (JSON.parse(targets ?? "[]") as Target[]).map(canonicalTarget);
}
