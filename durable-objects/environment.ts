// An environment: its settings, its freezes, and what is deployed there.
//
// 1. This is the source of truth. The catalog (which calls it governs) and the directory (what people see) get
//    every change through the outbox, each with the version it belongs to.
// 2. Policy reads an environment here, at every decision: a freeze holds from the moment it was acknowledged.
import { DurableObject } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import migrations from "../migrations/environment/migrations.js";
import { withDeployment } from "../src/environments/deployment.ts";
import { type Freeze, freezeFaults, freezesInForce, nextFreezeChange } from "../src/environments/freeze.ts";
import type { CloudEvent } from "../src/protocol/cloud-event.ts";
import type { Deployment, EnvironmentInput, EnvironmentView } from "../src/protocol/environment.ts";
import type { CommandId } from "../src/protocol/ids.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { Identity } from "../src/protocol/token.ts";
import { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { Outbox } from "../src/storage/outbox.ts";
import { Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import type { EnvironmentRpc } from "./rpc.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

const FREEZE_TIMER = "freeze";
/** How long `put` waits for the catalog and the directory to know before it answers all the same. */
const TELL_PATIENCE_MS = 5000;
/** Messages about older deployments than this are not repeated any more. */
const RECORDED_KEEP_MS = 30 * 24 * 3600_000;

export class Environment extends DurableObject<Env> implements EnvironmentRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#alarm = new Alarm(ctx.storage);
    this.#timers = new Timers(sql, this.#alarm);
    this.#outbox = new Outbox({
      sql,
      alarm: this.#alarm,
      deliver: (queued) => deliverMessage(env, DEFAULT_WORKSPACE, queued),
    });
    ctx.blockConcurrencyWhile(async () => {
      await migrate(drizzle(ctx.storage), migrations);
    });
  }

  // ----------------------------------------------------------------- settings

  async put(request: {
    workspace: string;
    name: string;
    value: EnvironmentInput;
    by: Identity;
  }): Promise<Result<EnvironmentView>> {
    const { name, value, by } = request;
    const errors = freezeFaults(value.freezes);
    if (errors.length > 0)
      return refuse("invalid_request", `The freezes are not valid: ${errors[0]?.message}`, { errors });
    const now = Date.now();
    const view = this.ctx.storage.transactionSync(() => {
      const before = this.#row();
      const next: EnvironmentView = {
        ...value,
        name,
        createdAt: before && !before.removed ? before.view.createdAt : now,
        updatedAt: now,
        version: (before?.view.version ?? 0) + 1,
        deployments: before && !before.removed ? before.view.deployments : [],
      };
      this.#store(next, false);
      this.#outbox.add(
        message("catalog", "", "setTargets", [
          { environment: name, version: next.version, targets: next.targets },
        ]),
      );
      this.#tellDirectory(next, {
        by: by.subject,
        action: "environment.put",
        at: now,
        data: value as unknown as JsonObject,
      });
      this.#announceFreezes(
        name,
        freezesInForce(value.freezes, now),
        before ? freezesInForce(before.view.freezes, now) : [],
      );
      this.#armFreezes(next.freezes, now);
      return next;
    });
    await this.#told();
    return ok(view);
  }

  async view(): Promise<Result<EnvironmentView>> {
    const row = this.#row();
    return row && !row.removed
      ? ok(row.view)
      : refuse("unknown_environment", "There is no such environment.");
  }

  async remove(by: Identity): Promise<Result<null>> {
    const row = this.#row();
    if (!row || row.removed) return refuse("unknown_environment", "There is no such environment.");
    const { name } = row.view;
    const version = row.view.version + 1;
    this.ctx.storage.transactionSync(() => {
      this.#store({ ...row.view, version }, true);
      this.#timers.drop(FREEZE_TIMER);
      this.#outbox.add(message("catalog", "", "setTargets", [{ environment: name, version, targets: null }]));
      this.#outbox.add(
        message("directory", "", "apply", [
          {
            environments: [{ name, removed: true, version }],
            audit: [
              this.#entry(name, version, {
                by: by.subject,
                action: "environment.removed",
                at: Date.now(),
                data: {},
              }),
            ],
          },
        ]),
      );
    });
    await this.#told();
    return ok(null);
  }

  // -------------------------------------------------------------- deployments

  async recordDeployment(deployment: Deployment & { command: CommandId }): Promise<void> {
    const { command, ...one } = deployment;
    const row = this.#row();
    // Removed since the call was decided: there is nothing left to say it of.
    if (!row || row.removed) return;
    this.ctx.storage.transactionSync(() => {
      const { sql } = this.ctx.storage;
      const { rowsWritten } = sql.exec(
        "INSERT OR IGNORE INTO recorded (key, at) VALUES (?, ?)",
        `${one.run}/${command}`,
        one.at,
      );
      if (rowsWritten === 0) return;
      sql.exec("DELETE FROM recorded WHERE at < ?", one.at - RECORDED_KEEP_MS);
      const next: EnvironmentView = {
        ...row.view,
        version: row.view.version + 1,
        deployments: withDeployment(row.view.deployments, one),
      };
      this.#store(next, false);
      this.#tellDirectory(next);
      this.#emit("dev.sluice.environment.deployed", `${one.run}/${command}`, next.name, one);
    });
    this.#flush();
  }

  // ------------------------------------------------------------------ freezes

  #armFreezes(freezes: readonly Freeze[], now: number): void {
    const dueAt = nextFreezeChange(freezes, now);
    if (dueAt === undefined) this.#timers.drop(FREEZE_TIMER);
    else this.#timers.set({ id: FREEZE_TIMER, kind: FREEZE_TIMER, dueAt, data: dueAt });
  }

  /** Says which freezes are newly in force. Told by name and begin, so saying it twice says it once. */
  #announceFreezes(environment: string, inForce: readonly Freeze[], before: readonly Freeze[]): void {
    for (const freeze of inForce) {
      if (before.some(({ name, from }) => name === freeze.name && from === freeze.from)) continue;
      this.#emit("dev.sluice.environment.frozen", `${freeze.name}/${freeze.from}`, environment, freeze);
    }
  }

  #freezeChanged(dueAt: number): void {
    const row = this.#row();
    if (!row || row.removed) return;
    const { freezes, name } = row.view;
    this.#announceFreezes(name, freezesInForce(freezes, dueAt), freezesInForce(freezes, dueAt - 1));
    // From the moment that came, not from now: a second change in between must not be passed over.
    this.#armFreezes(freezes, dueAt);
  }

  // ------------------------------------------------------------- state, telling

  #row(): { view: EnvironmentView; removed: boolean } | undefined {
    const row = this.ctx.storage.sql
      .exec<{ view: string; removed: number }>("SELECT view, removed FROM environment WHERE id = 1")
      .toArray()[0];
    return row && { view: JSON.parse(row.view) as EnvironmentView, removed: row.removed === 1 };
  }

  #store(view: EnvironmentView, removed: boolean): void {
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO environment (id, view, removed) VALUES (1, ?, ?)",
      JSON.stringify(view),
      removed ? 1 : 0,
    );
  }

  #entry(name: string, version: number, done: { by: string; action: string; at: number; data: JsonObject }) {
    return { ...done, subject: name, key: `environment/${name}/${version}` };
  }

  #tellDirectory(
    view: EnvironmentView,
    done?: { by: string; action: string; at: number; data: JsonObject },
  ): void {
    const audit = done ? { audit: [this.#entry(view.name, view.version, done)] } : {};
    this.#outbox.add(message("directory", "", "apply", [{ environments: [view], ...audit }]));
  }

  #emit(type: string, key: string, environment: string, data: object): void {
    const event: CloudEvent = {
      specversion: "1.0",
      id: `${type}/${key}`,
      source: `/workspaces/${DEFAULT_WORKSPACE}/environments/${environment}`,
      type,
      subject: environment,
      time: new Date().toISOString(),
      datacontenttype: "application/json",
      data: { environment, ...data },
    };
    this.#outbox.add(message("bus", "", "ingest", [[event], `environment:${environment}`]));
  }

  /** Delivers, and waits for it: who has been answered can rely on everybody knowing. */
  async #told(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TELL_PATIENCE_MS);
    });
    await Promise.race([this.#outbox.flush(), patience]);
    clearTimeout(timer);
  }

  #flush(): void {
    this.#outbox
      .flush()
      .catch((error: unknown) => console.error({ message: "flush failed", error: String(error) }));
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: ({ dueAt }) => this.ctx.storage.transactionSync(() => this.#freezeChanged(dueAt)),
    });
  }
}
