// The directory: one per workspace. Answers every question that spans runs, and knows the tokens.
//
// 1. What it shows is a copy: actors send their newest state through their outbox, an older one that arrives late
//    is ignored, and nothing decides anything by what is here.
// 2. Tokens are the exception: they are made, checked and revoked here, and stored as digests.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/directory/migrations.js";
import type { AuditEntry } from "../src/protocol/audit.ts";
import type { EnvironmentView } from "../src/protocol/environment.ts";
import type { Form, FormState } from "../src/protocol/form.ts";
import type { LiveNews, Stirred } from "../src/protocol/live.ts";
import type { LockView } from "../src/protocol/lock.ts";
import { OVERVIEW_WAITING } from "../src/protocol/overview.ts";
import type { Approval } from "../src/protocol/policy.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { RunState } from "../src/protocol/run.ts";
import type { Identity, TokenView } from "../src/protocol/token.ts";
import { openActorStorage } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { GroupCommit } from "../src/storage/group-commit.ts";
import { applyMigrations } from "../src/storage/migrations.ts";
import type { Outbox } from "../src/storage/outbox.ts";
import type { Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { ApprovalRows } from "./directory/approval-rows.ts";
import { AuditRows } from "./directory/audit-rows.ts";
import { ChangeRows } from "./directory/change-rows.ts";
import { FormRows } from "./directory/form-rows.ts";
import { LockRows } from "./directory/lock-rows.ts";
import type { OpenedFilter } from "./directory/newest-opened.ts";
import { RunRows } from "./directory/run-rows.ts";
import { TokenRows } from "./directory/token-rows.ts";
import { retryParked } from "./parked-messages.ts";
import { retentionMs } from "./retention.ts";
import type { DirectoryOverview, DirectoryRpc, RunFilter, RunPage } from "./rpc/directory.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";
import { SIGNED_OUT, tell, WATCHER_HEADER } from "./watchers.ts";

const DAY_MS = 24 * 3600_000;
/** A year and a month: enough for a yearly audit to look back on. */
const RETENTION_DAYS = 400;
/** How long an expired token is still listed. */
const EXPIRED_KEPT_DAYS = 30;
const RETENTION_TIMER = "retention";
const REMOVED_AT_ONCE = 500;
/** Each of these wakes, and is archived. */
const RETIRED_AT_ONCE = 100;
const SEARCH_TIMER = "search";
/** Of an overview: as many as the dashboard's lists begin with. */
const OVERVIEW_RUNS = 100;
/** Runs made to be found by words in one turn: some 50 ms. */
const SEARCHED_AT_ONCE = 500;

/** How long what arrives waits for more: a burst of runs is one write, and nobody who watches notices. */
const TOGETHER_MS = 20;

type DirectoryChange = Parameters<DirectoryRpc["apply"]>[0];

export class Directory extends DurableObject<Env> implements DirectoryRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #runs: RunRows;
  readonly #approvals: ApprovalRows;
  readonly #forms: FormRows;
  readonly #locks: LockRows;
  readonly #audit: AuditRows;
  readonly #tokens: TokenRows;
  readonly #changes: ChangeRows;
  readonly #arriving = new GroupCommit<DirectoryChange>(TOGETHER_MS, (changes) => this.#write(changes));

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    ({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
    } = openActorStorage(ctx.storage, {
      deliver: (queued) => deliverMessage(env, DEFAULT_WORKSPACE, queued),
    }));
    this.#runs = new RunRows(sql);
    this.#approvals = new ApprovalRows(sql);
    this.#forms = new FormRows(sql);
    this.#locks = new LockRows(sql);
    this.#audit = new AuditRows(sql);
    this.#tokens = new TokenRows(sql);
    this.#changes = new ChangeRows(sql);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
      if (this.#runs.hasUnsearched() && !this.#timers.get(SEARCH_TIMER)) this.#setSearch(Date.now());
    });
  }

  // ------------------------------------------------------------------- copies

  async apply(change: DirectoryChange): Promise<void> {
    await this.#arriving.add(change);
  }

  #write(changes: readonly DirectoryChange[]): void {
    const since = this.#changes.last();
    this.#alarm.transaction(() => {
      for (const change of changes) this.#put(change);
    });
    this.#keepRetention();
    this.#tell(since);
  }

  #put(change: DirectoryChange): void {
    for (const run of change.runs ?? []) if (this.#runs.put(run)) this.#changes.note("run", run.id);
    for (const approval of change.approvals ?? []) {
      this.#approvals.put(approval);
      this.#changes.note("approval", approval.id);
    }
    for (const environment of change.environments ?? []) {
      this.#putEnvironment(environment);
      this.#changes.note("environment", environment.name);
    }
    for (const form of change.forms ?? []) {
      this.#forms.put(form);
      this.#changes.note("form", form.id);
    }
    for (const lock of change.locks ?? []) this.#locks.put(lock);
    for (const entry of change.audit ?? []) this.#audit.append(entry);
  }

  // -------------------------------------------------------------- who watches

  /** Opens a dashboard's socket; `since` is the cursor it has, the header names the token it signed in with. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [request.headers.get(WATCHER_HEADER) ?? ""]);
    server.serializeAttachment({ since: Date.now() });
    const since = new URL(request.url).searchParams.get("since");
    server.send(JSON.stringify(this.#news(since === null ? undefined : Number(since))));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** What came after `since`; everything is to be read anew when that is not known, or too long ago. */
  #news(since: number | undefined): LiveNews {
    const found = since === undefined ? undefined : this.#changes.after(since);
    const cursor = this.#changes.last();
    if (!found) return { type: "reset", cursor };
    const of = (kind: string) => found.filter((change) => change.kind === kind).map(({ id }) => id);
    return {
      type: "changes",
      cursor,
      runs: this.#runs.named(of("run")),
      approvals: this.#approvals.named(of("approval")),
      environments: of("environment"),
      forms: of("form"),
    };
  }

  #tell(since: number): void {
    if (this.#changes.last() !== since) this.#send(() => this.#news(since));
  }

  async stirred(what: Stirred): Promise<void> {
    this.#send(() => ({ type: "stirred", what }));
  }

  #send(news: () => LiveNews): void {
    const sockets = this.ctx.getWebSockets();
    if (sockets.length === 0) return;
    const message = JSON.stringify(news());
    for (const socket of sockets) tell(socket, message, Date.now());
  }

  override async webSocketMessage(): Promise<void> {
    // Watchers only listen; their pings are answered without waking the object.
  }

  #putEnvironment(environment: EnvironmentView | { name: string; removed: true; version: number }): void {
    this.ctx.storage.sql.exec(
      `INSERT INTO environments (name, version, body) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body
       WHERE environments.version < excluded.version`,
      environment.name,
      environment.version,
      "removed" in environment ? null : JSON.stringify(environment),
    );
  }

  async runs(filter: RunFilter): Promise<RunPage> {
    return this.#runs.page(filter);
  }

  async overview(): Promise<DirectoryOverview> {
    const ofState = (...state: RunState[]) => this.#runs.page({ state, limit: OVERVIEW_RUNS });
    return {
      cursor: this.#changes.last(),
      environments: this.#environments(),
      moving: ofState("running", "waiting", "stuck"),
      failed: ofState("failed"),
      succeeded: ofState("succeeded"),
      approvals: this.#approvals.newest({ state: "pending", limit: OVERVIEW_WAITING }),
      forms: this.#forms.newest({ state: "pending", limit: OVERVIEW_WAITING }),
    };
  }

  async run(id: Parameters<DirectoryRpc["run"]>[0]): ReturnType<DirectoryRpc["run"]> {
    return this.#runs.named([id])[0] ?? null;
  }

  async named(ids: Parameters<DirectoryRpc["named"]>[0]): ReturnType<DirectoryRpc["named"]> {
    return this.#runs.named(ids);
  }

  async approvals(filter: OpenedFilter<Approval["state"]>): Promise<Approval[]> {
    return this.#approvals.newest(filter);
  }

  async forms(filter: OpenedFilter<FormState>): Promise<Form[]> {
    return this.#forms.newest(filter);
  }

  async locks(): Promise<LockView[]> {
    return this.#locks.all();
  }

  async environments(): Promise<EnvironmentView[]> {
    return this.#environments();
  }

  #environments(): EnvironmentView[] {
    return this.ctx.storage.sql
      .exec<{ body: string }>("SELECT body FROM environments WHERE body IS NOT NULL ORDER BY name")
      .toArray()
      .map(({ body }) => ({ health: [], ...(JSON.parse(body) as object) }) as unknown as EnvironmentView);
  }

  async unknownEnvironments(names: readonly string[]): Promise<string[]> {
    const sql = "SELECT 1 FROM environments WHERE name = ? AND body IS NOT NULL";
    return names.filter((name) => this.ctx.storage.sql.exec(sql, name).toArray().length === 0);
  }

  async audit(page: { before?: number; limit: number }): Promise<{ entries: AuditEntry[]; next?: number }> {
    return this.#audit.page(page);
  }

  // ------------------------------------------------------------------- tokens

  async createToken(token: Parameters<DirectoryRpc["createToken"]>[0]): Promise<Result<TokenView>> {
    const now = Date.now();
    const created = this.#alarm.transaction(() => {
      if (!this.#tokens.insert(token, now)) return undefined;
      const { subject, role, tags } = token;
      this.#note(token.by, "token.created", token.id, { subject, role, ...(tags && { tags }) }, now);
      return this.#tokens.get(token.id);
    });
    return created
      ? ok(created)
      : refuse("token_exists", `The token ${token.id} exists already; make another.`);
  }

  async authenticate(digest: string): Promise<Identity | null> {
    return this.#tokens.use(digest, Date.now()) ?? null;
  }

  async tokens(): Promise<TokenView[]> {
    return this.#tokens.all();
  }

  async revokeToken(id: string, by: string): Promise<Result<null>> {
    return this.#alarm.transaction(() => {
      if (!this.#tokens.remove(id)) return refuse("unknown_token", `There is no token ${id}.`);
      this.#note(by, "token.revoked", id, {}, Date.now());
      for (const socket of this.ctx.getWebSockets(id)) socket.close(SIGNED_OUT, "the token was revoked");
      return ok(null);
    });
  }

  #note(by: string, action: string, subject: string, data: AuditEntry["data"], at: number): void {
    // With the time: an id that is given out again is another token. Written here, so it cannot arrive twice.
    this.#audit.append({ key: `${action}/${subject}/${at}`, at, by, action, subject, data });
    this.#keepRetention();
  }

  // ------------------------------------------------------------------- timers

  #keepRetention(): void {
    if (!this.#timers.get(RETENTION_TIMER)) this.#setRetention(Date.now() + DAY_MS);
  }

  #setRetention(dueAt: number): void {
    this.#timers.set({ id: RETENTION_TIMER, kind: RETENTION_TIMER, dueAt, data: null });
  }

  #retain(): void {
    const now = Date.now();
    const before = now - RETENTION_DAYS * DAY_MS;
    this.#tokens.prune(now - EXPIRED_KEPT_DAYS * DAY_MS);
    this.#locks.pruneIdle();
    const retired = this.#retireRuns(now);
    const forgotten = this.#runs.prune(before, REMOVED_AT_ONCE);
    // Nobody finds them any more: one that still has storage sees from here on by itself to it that it is given up.
    for (const run of forgotten) this.#outbox.add(message("run", run, "retire", []));
    const removed = Math.max(
      forgotten.length,
      this.#forms.prune(before, REMOVED_AT_ONCE),
      this.#approvals.prune(before, REMOVED_AT_ONCE),
      this.#audit.prune(before, REMOVED_AT_ONCE),
    );
    // A full batch means there is more: go on soon, in small turns.
    const isMore = removed >= REMOVED_AT_ONCE || retired >= RETIRED_AT_ONCE;
    this.#setRetention(now + (isMore ? 1000 : DAY_MS));
  }

  /** Tells runs that have been kept for long enough, some of them; answers how many. */
  #retireRuns(now: number): number {
    let endedBefore: number;
    try {
      endedBefore = now - retentionMs(this.env);
    } catch (error) {
      console.error({ message: "no run is given up", error: String(error) });
      return 0;
    }
    const runs = this.#runs.takeToRetire(endedBefore, RETIRED_AT_ONCE);
    for (const run of runs) this.#outbox.add(message("run", run, "retire", []));
    return runs.length;
  }

  #setSearch(dueAt: number): void {
    this.#timers.set({ id: SEARCH_TIMER, kind: SEARCH_TIMER, dueAt, data: null });
  }

  /** In turns with room between them, so that who asks meanwhile is answered. */
  #makeSearched(): void {
    const made = this.#alarm.transaction(() => this.#runs.makeSearched(SEARCHED_AT_ONCE));
    if (made === SEARCHED_AT_ONCE) this.#setSearch(Date.now() + 1);
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
      onTimer: ({ kind }) =>
        kind === SEARCH_TIMER ? this.#makeSearched() : this.#alarm.transaction(() => this.#retain()),
    });
  }
}
