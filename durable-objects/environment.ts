// An environment: its settings, its freezes, what is deployed there, and how well that is.
//
// 1. This is the source of truth. The catalog (which calls it governs) and the directory (what people see) get
//    every change through the outbox, each with the version it belongs to.
// 2. Policy reads an environment here, at every decision: a freeze holds from the moment it was acknowledged.
// 3. Who is told that an environment was stored can rely on its governing: `put` and `remove` wait for the catalog.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/environment/migrations.js";
import { boundedDeployment, withDeployment } from "../src/environments/deployment.ts";
import { type EnvironmentNews, environmentEvent } from "../src/environments/environment-event.ts";
import {
  type Freeze,
  freezeFaults,
  freezeId,
  freezeNews,
  freezesInForce,
  nextFreezeChange,
} from "../src/environments/freeze.ts";
import { withHealth } from "../src/environments/health.ts";
import type { AuditEntry } from "../src/protocol/audit.ts";
import type { EnvironmentInput, EnvironmentView } from "../src/protocol/environment.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { Identity } from "../src/protocol/token.ts";
import { openActorStorage, TablesOnDemand } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import type { Message, Outbox } from "../src/storage/outbox.ts";
import { atMost } from "../src/storage/patience.ts";
import { RowTooLarge } from "../src/storage/row-size.ts";
import type { Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { EnvironmentRows, type StoredEnvironment } from "./environment/environment-rows.ts";
import { pageOf } from "./page.ts";
import { retryParked } from "./parked-messages.ts";
import type { EnvironmentRpc } from "./rpc/environment.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

const FREEZE_TIMER = "freeze";
/** How often the directory is told that an app's health is what it was. */
const TELL_HEALTH_MS = 60_000;
/** How long `put` and `remove` wait for the catalog and the directory to know. */
const TELL_PATIENCE_MS = 5000;

type Targets = Parameters<typeof message<"catalog", "setTargets">>[3][0];

export class Environment extends DurableObject<Env> implements EnvironmentRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #tables: TablesOnDemand;
  readonly #rows: EnvironmentRows;
  /** Who waits for the catalog to have targets, and is told which version of them it has. */
  readonly #awaiting = new Set<(version: number) => void>();
  /** By app: the last observation that the directory was told of. Lost with the instance, which then tells again. */
  readonly #healthToldAt = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const actor = openActorStorage(ctx.storage, {
      deliver: (queued) => deliverMessage(env, DEFAULT_WORKSPACE, queued),
      onDelivered: (told) => this.#delivered(told),
    });
    ({ alarm: this.#alarm, timers: this.#timers, outbox: this.#outbox } = actor);
    this.#tables = new TablesOnDemand(ctx, actor, migrations);
    this.#rows = new EnvironmentRows(ctx.storage.sql);
  }

  // ----------------------------------------------------------------- settings

  /** Refuses `unavailable` when the catalog could not be told in time: the change is stored and on its way. */
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
    try {
      const view = this.#tables.transaction(() => {
        const before = this.#rows.get();
        const present = before?.removed ? undefined : before?.view;
        const next: EnvironmentView = {
          ...value,
          name,
          createdAt: present?.createdAt ?? now,
          updatedAt: now,
          version: (before?.view.version ?? 0) + 1,
          deployments: present?.deployments ?? [],
          health: present?.health ?? [],
        };
        this.#storeAndSayFreezes({ view: next, removed: false, announced: before?.announced ?? [] }, now);
        this.#setTargets({ environment: name, version: next.version, targets: next.targets });
        this.#tellDirectory(next, {
          at: now,
          by: by.subject,
          action: "environment.put",
          data: value as unknown as JsonObject,
        });
        return next;
      });
      return await this.#onceGoverning(view.version, view);
    } catch (error) {
      if (error instanceof RowTooLarge) return refuse("payload_too_large", error.message);
      throw error;
    }
  }

  async view(): Promise<Result<EnvironmentView>> {
    const stored = this.#present();
    return stored ? ok(stored.view) : unknownEnvironment();
  }

  /** Undefined where it was never made. */
  #stored(): StoredEnvironment | undefined {
    return this.#tables.exist ? this.#rows.get() : undefined;
  }

  /** Undefined where it was never made, or has been removed. */
  #present(): StoredEnvironment | undefined {
    const stored = this.#stored();
    return stored?.removed ? undefined : stored;
  }

  async deployments({
    before,
    limit,
  }: Parameters<EnvironmentRpc["deployments"]>[0]): ReturnType<EnvironmentRpc["deployments"]> {
    if (!this.#present()) return unknownEnvironment();
    const found = this.#rows.history({
      limit,
      before: before && { at: before.createdAt, key: before.id },
    });
    const { items, ...page } = pageOf(found, limit, ({ at, key }) => ({ createdAt: at, id: key }));
    return ok({ deployments: items.map(({ key: _, ...deployment }) => deployment), ...page });
  }

  /**
   * Its history stays, should it be made again. Refuses `unavailable` as `put` does, and waits once more when it is asked
   * again before the catalog knows; then the environment is unknown.
   */
  async remove(by: Identity): Promise<Result<null>> {
    const stored = this.#stored();
    if (!stored) return unknownEnvironment();
    const { name } = stored.view;
    if (stored.removed) {
      const isUntold = this.#outbox.holds({ receiver: "catalog/", method: "setTargets" });
      return isUntold ? await this.#onceGoverning(stored.view.version, null) : unknownEnvironment();
    }
    const version = stored.view.version + 1;
    this.#alarm.transaction(() => {
      // What was announced is dropped unsaid: a freeze that goes with its environment has not thawed.
      this.#rows.put({ view: { ...stored.view, version }, removed: true, announced: [] });
      this.#timers.drop(FREEZE_TIMER);
      this.#setTargets({ environment: name, version, targets: null });
      this.#tellDirectory(
        { name, removed: true, version },
        { at: Date.now(), by: by.subject, action: "environment.removed", data: {} },
      );
    });
    return await this.#onceGoverning(version, null);
  }

  // -------------------------------------------------------------- deployments

  async recordDeployment(deployment: Parameters<EnvironmentRpc["recordDeployment"]>[0]): Promise<void> {
    const { command, sluicehops, ...told } = deployment;
    const one = boundedDeployment(told);
    const key = `${one.run}/${command}`;
    const isNew = this.#alarm.transaction(() => {
      const stored = this.#present();
      // Removed since the call was decided: there is nothing left to say it of.
      if (!stored || !this.#rows.record(key, one)) return false;
      const { view } = stored;
      const deployments = withDeployment(view.deployments, one);
      const next = { ...view, version: view.version + 1, deployments };
      this.#rows.put({ ...stored, view: next });
      this.#tellDirectory(next);
      const causedBy = sluicehops === undefined ? {} : { sluicehops };
      // In the name of who caused it: they cannot approve what their own deployment sets off.
      this.#emit("deployed", key, view.name, one, { initiator: one.by, attributes: causedBy });
      return true;
    });
    if (isNew) void this.#outbox.flush();
  }

  // ------------------------------------------------------------------- health

  async recordHealth(report: Parameters<EnvironmentRpc["recordHealth"]>[0]): Promise<void> {
    const { seq, ...seen } = report;
    const isTold = this.#alarm.transaction(() => {
      const stored = this.#present();
      if (!stored) return false;
      const { view } = stored;
      const news = withHealth(view.health, seen, seq);
      if (!news) return false;
      if (news.change) this.#rows.noteHealthChange(news.change);
      // That it is still so is news once in a while (some report it every few seconds), before what was told is stale.
      const untilTold = Math.min(TELL_HEALTH_MS, seen.staleAfterMs / 2);
      const isDue = news.isNotable || seen.observedAt - (this.#healthToldAt.get(seen.app) ?? 0) >= untilTold;
      const version = isDue ? view.version + 1 : view.version;
      const next = { ...view, version, health: news.health };
      this.#rows.put({ ...stored, view: next });
      if (!isDue) return false;
      this.#healthToldAt.set(seen.app, seen.observedAt);
      this.#tellDirectory(next);
      return true;
    });
    if (isTold) void this.#outbox.flush();
  }

  async healthChanges({
    before,
    limit,
  }: Parameters<EnvironmentRpc["healthChanges"]>[0]): ReturnType<EnvironmentRpc["healthChanges"]> {
    if (!this.#present()) return unknownEnvironment();
    const found = this.#rows.healthChanges({
      limit,
      before: before && { at: before.createdAt, seq: Number(before.id) },
    });
    const { items, ...page } = pageOf(found, limit, ({ since, seq }) => ({
      createdAt: since,
      id: String(seq),
    }));
    return ok({ changes: items, ...page });
  }

  // ------------------------------------------------------------------ freezes

  /** Stores, says which freezes have begun or ended, and sets the timer for what comes next. */
  #storeAndSayFreezes(stored: StoredEnvironment, now: number): void {
    const { name, freezes, version } = stored.view;
    const inForce = freezesInForce(freezes, now, stored.announced);
    const { began, ended } = freezeNews(stored.announced, inForce);
    this.#rows.put({ ...stored, announced: inForce });
    // A freeze whose begin was moved ends first, and begins anew.
    for (const freeze of ended) this.#emitFreeze("thawed", version, name, freeze);
    for (const freeze of began) this.#emitFreeze("frozen", version, name, freeze);
    const dueAt = nextFreezeChange(freezes, now);
    if (dueAt === undefined) this.#timers.drop(FREEZE_TIMER);
    else this.#timers.set({ id: FREEZE_TIMER, kind: FREEZE_TIMER, dueAt, data: null });
  }

  #emitFreeze(what: "frozen" | "thawed", version: number, environment: string, freeze: Freeze): void {
    // Within one version a freeze begins once and ends once, so this says it once however often it is sent.
    this.#emit(what, `${version}/${freezeId(freeze)}`, environment, freeze);
  }

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#tables.exist ? this.#outbox.parked() : [];
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return this.#tables.exist ? retryParked(this.#outbox, request) : 0;
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: () =>
        this.#alarm.transaction(() => {
          const stored = this.#present();
          if (stored) this.#storeAndSayFreezes(stored, Date.now());
        }),
    });
  }

  // ------------------------------------------------------------------ telling

  #setTargets(targets: Targets): void {
    this.#outbox.add(message("catalog", "", "setTargets", [targets]));
  }

  #tellDirectory(
    environment: EnvironmentView | { name: string; removed: true; version: number },
    done?: Omit<AuditEntry, "subject">,
  ): void {
    const { name, version } = environment;
    const audit = done ? [{ ...done, subject: name, key: `environment/${name}/${version}` }] : [];
    this.#outbox.add(message("directory", "", "apply", [{ environments: [environment], audit }]));
  }

  #emit(
    what: EnvironmentNews["what"],
    key: string,
    environment: string,
    data: object,
    cause: { initiator: string; attributes: { sluicehops?: number } } = {
      initiator: `environment:${environment}`,
      attributes: {},
    },
  ): void {
    const { initiator, attributes } = cause;
    const news = { what, key, environment, data, attributes, workspace: DEFAULT_WORKSPACE, now: Date.now() };
    this.#outbox.add(message("bus", "", "ingest", [[environmentEvent(news)], initiator]));
  }

  #delivered({ method, args }: Message): void {
    if (method !== "setTargets") return;
    for (const tell of this.#awaiting) tell((args[0] as Targets).version);
  }

  /** The answer, once the catalog has the targets of `version`. */
  async #onceGoverning<T>(version: number, answer: T): Promise<Result<T>> {
    let isKnown = false;
    const { promise: known, resolve } = Promise.withResolvers<void>();
    const tell = (told: number) => {
      if (told !== version) return;
      isKnown = true;
      resolve();
    };
    this.#awaiting.add(tell);
    await atMost(
      TELL_PATIENCE_MS,
      Promise.all([known, this.#outbox.flush()]).then(() => {}),
    );
    this.#awaiting.delete(tell);
    if (isKnown) return ok(answer);
    return {
      ok: false,
      error: {
        code: "unavailable",
        message:
          "The change is stored, but the catalog has not taken it yet, so calls may still be governed as before. " +
          "It will be told; send the same request again to wait for it.",
        retryable: true,
      },
    };
  }
}

function unknownEnvironment(): Result<never> {
  return refuse("unknown_environment", "There is no such environment.");
}
