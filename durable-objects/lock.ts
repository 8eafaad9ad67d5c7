// A lock: one actor per key. Grants it in the order of asking to as many as each asked for.
//
// 1. A claim is named by the run and the command that made it, and goes one way: waiting, held, over. So what is asked,
//    granted or let go of once more, or in the wrong order, changes nothing.
// 2. A grant is a row first, then a message. A run that wants the lock no more turns it down, which ends the claim.
// 3. There is no lease that runs out by itself: a run lets go of its locks as it ends, by its outbox, and every run ends
//    or is shown as stuck. What an operator takes away is recorded with who and why.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/lock/migrations.js";
import { grantable } from "../src/environments/lock-queue.ts";
import type { CommandId, RunId } from "../src/protocol/ids.ts";
import type { LockView } from "../src/protocol/lock.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import { openActorStorage, TablesOnDemand } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import type { Message, Outbox } from "../src/storage/outbox.ts";
import type { Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { type Claimant, ClaimRows } from "./lock/claim-rows.ts";
import { retryParked } from "./parked-messages.ts";
import type { LockRpc } from "./rpc/lock.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { DEFAULT_WORKSPACE, directoryStub } from "./stubs.ts";

const DAY_MS = 24 * 3600_000;
const RETENTION_TIMER = "retention";
const SUMMARY_DELAY_MS = 50;
/** How many of those that wait are shown. */
const MAX_SHOWN = 100;
/** The directory's copy. Filled in when it is sent: only the newest matters. */
const summaryMessage: Message = { receiver: "directory/", method: "summary", args: [] };

export class Lock extends DurableObject<Env> implements LockRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #tables: TablesOnDemand;
  readonly #claims: ClaimRows;
  #summaryQueued = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const actor = openActorStorage(ctx.storage, {
      deliver: (queued) => this.#deliver(queued),
      onDelivered: (told, answer) => this.#answered(told, answer),
    });
    ({ alarm: this.#alarm, timers: this.#timers, outbox: this.#outbox } = actor);
    this.#tables = new TablesOnDemand(ctx, actor, migrations);
    this.#claims = new ClaimRows(ctx.storage.sql);
  }

  async acquire(claim: Parameters<LockRpc["acquire"]>[0]): Promise<void> {
    this.#change(claim.key, (now) => this.#claims.add(claim, now));
  }

  async release({ key, ...claimant }: Parameters<LockRpc["release"]>[0]): Promise<void> {
    this.#change(key, (now) => this.#claims.end(claimant, now));
  }

  async revoke({ by, reason, ...claimant }: Parameters<LockRpc["revoke"]>[0]): Promise<Result<LockView>> {
    const key = this.#key();
    const { run, command } = claimant;
    if (key === undefined || this.#claims.stateOf(claimant) !== "held") {
      return refuse("lock_not_held", `the command ${command} of ${run} does not hold this lock`);
    }
    this.#change(key, (now) => {
      this.#claims.end(claimant, now);
      this.#outbox.add(message("run", run, "lockRevoked", [{ command, by: by.subject, reason }]));
      const entry = {
        key: `lock/${key}/${run}#${command}`,
        at: now,
        by: by.subject,
        action: "lock.revoke",
        subject: key,
        data: { run, command, reason },
      };
      this.#outbox.add(message("directory", "", "apply", [{ audit: [entry] }]));
      return true;
    });
    return ok(this.#view(key));
  }

  async view(): Promise<Result<LockView>> {
    const key = this.#key();
    return key === undefined
      ? refuse("unknown_lock", "nobody holds this lock or waits for it")
      : ok(this.#view(key));
  }

  /** Undefined where nobody has ever asked for it. */
  #key(): string | undefined {
    return this.#tables.exist ? this.#claims.key() : undefined;
  }

  #view(key: string): LockView {
    return {
      key,
      holders: this.#claims.holders(),
      waiting: this.#claims.waiting(MAX_SHOWN),
      waitingCount: this.#claims.waitingCount(),
      version: this.#claims.version(),
    };
  }

  /** Writes a change, and whom it lets have the lock, in one turn. */
  #change(key: string, write: (now: number) => boolean): void {
    const now = Date.now();
    const isChanged = this.#tables.transaction(() => {
      if (!write(now)) return false;
      const granted = grantable(this.#claims.heldCount(), this.#claims.waitingLimits());
      for (const { run, command } of this.#claims.waiting(granted)) {
        const claimant: Claimant = { run: run as RunId, command: command as CommandId };
        this.#claims.grant(claimant, now);
        this.#outbox.add(message("run", run, "lockGranted", [{ command: claimant.command }]));
      }
      this.#claims.touch(key);
      if (!this.#summaryQueued) this.#outbox.add(summaryMessage, SUMMARY_DELAY_MS);
      if (!this.#timers.get(RETENTION_TIMER)) this.#setRetention(now);
      return true;
    });
    if (!isChanged) return;
    this.#summaryQueued = true;
    void this.#outbox.flush();
  }

  async #deliver(queued: Message): Promise<unknown> {
    if (queued.method !== summaryMessage.method)
      return await deliverMessage(this.env, DEFAULT_WORKSPACE, queued);
    // What changes from now on needs another one.
    this.#summaryQueued = false;
    const key = this.#claims.key();
    if (key === undefined) return undefined;
    return await directoryStub(this.env, DEFAULT_WORKSPACE).apply({ locks: [this.#view(key)] });
  }

  #answered({ receiver, method, args }: Message, answer: unknown): void {
    if (method !== "lockGranted" || (answer as { accepted: boolean }).accepted) return;
    const run = receiver.slice("run/".length) as RunId;
    const [{ command }] = args as [{ command: CommandId }];
    const key = this.#claims.key();
    if (key !== undefined) this.#change(key, (now) => this.#claims.end({ run, command }, now));
  }

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#tables.exist ? this.#outbox.parked() : [];
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return this.#tables.exist ? retryParked(this.#outbox, request) : 0;
  }

  // ------------------------------------------------------------------- timers

  #setRetention(now: number): void {
    this.#timers.set({ id: RETENTION_TIMER, kind: RETENTION_TIMER, dueAt: now + DAY_MS, data: null });
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: () => {
        const now = Date.now();
        this.#timers.drop(RETENTION_TIMER);
        if (this.#claims.prune(now - DAY_MS)) this.#setRetention(now);
      },
    });
  }
}
