// One workflow run: the RPC surface over its engine's host, its storage and its one alarm. What people do to it, its
// forks and the delivery of its messages are in the folder of its name.
import { DurableObject } from "cloudflare:workers";
import type { FormId, RunId } from "../src/protocol/ids.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { RunExtent } from "../src/protocol/live.ts";
import type { Result } from "../src/protocol/result.ts";
import { ok, refuse } from "../src/protocol/result.ts";
import { type Activity, finishedStates, type RunSummary } from "../src/protocol/run.ts";
import type { PlaceAnswer, PlaceClaim } from "../src/protocol/start.ts";
import { type ActorStorage, openActorStorage, prepareTables } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { hasTables } from "../src/storage/migrations.ts";
import type { Outbox } from "../src/storage/outbox.ts";
import { RowTooLarge } from "../src/storage/row-size.ts";
import type { Timers } from "../src/storage/timers.ts";
import { parentOfRun } from "../src/workflow/parent.ts";
import { isPausedForPlace } from "../src/workflow/place.ts";
import { maskedRecord } from "../src/workflow/secrets/masked-record.ts";
import { message } from "./deliver.ts";
import { retryParked } from "./parked-messages.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import type { StartRun, WorkflowRunRpc } from "./rpc/workflow-run.ts";
import { sha256 } from "./sha256.ts";
import { directoryStub } from "./stubs.ts";
import { tell, WATCHER_HEADER } from "./watchers.ts";
import { archiveOf } from "./workflow-run/archive.ts";
import { beginFork, type Forked } from "./workflow-run/begin-fork.ts";
import { deliverFromRun, type Sender, takeAnswer } from "./workflow-run/delivery.ts";
import { Interventions, unknownForm } from "./workflow-run/interventions.ts";
import { JournalStore } from "./workflow-run/journal.ts";
import { LogReader } from "./workflow-run/log-reader.ts";
import { LogStore } from "./workflow-run/log-store.ts";
import { auditMessage, summaryMessage } from "./workflow-run/messages.ts";
import { Parts } from "./workflow-run/parts.ts";
import { hostPorts, retirementPorts } from "./workflow-run/ports.ts";
import { ProgressStore } from "./workflow-run/progress-store.ts";
import { RETIRE, Retirement } from "./workflow-run/retirement.ts";
import { RunHost } from "./workflow-run/run-host.ts";
import { tables } from "./workflow-run/tables.ts";

/** No run is given up this soon after it began: what repeats a start earlier finds it. */
const LATE_MS = 20 * 3600_000;
/** How long a start is not answered because what the run tells others is under way. */
const DELIVERY_PATIENCE_MS = 1000;

type Args<Method extends keyof WorkflowRunRpc> = Parameters<WorkflowRunRpc[Method]>[0];

export class WorkflowRun extends DurableObject<Env> implements WorkflowRunRpc {
  #alarm: Alarm;
  #timers: Timers;
  #outbox: Outbox;
  #journal: JournalStore;
  #log: LogStore;
  readonly #logReader: LogReader;
  #parts: Parts;
  #progress: ProgressStore;
  #host: RunHost;
  #retirement: Retirement;
  #interventions: Interventions;
  #begun: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { storage } = ctx;
    ({ alarm: this.#alarm, timers: this.#timers, outbox: this.#outbox } = this.#openActorStorage());
    this.#journal = new JournalStore(storage.sql);
    this.#log = new LogStore(storage.sql);
    this.#logReader = new LogReader(storage.sql);
    this.#parts = new Parts(storage.sql);
    this.#progress = new ProgressStore(storage.sql);
    this.#host = this.#makeHost();
    this.#retirement = this.#makeRetirement();
    this.#interventions = new Interventions({ host: this.#host, outbox: this.#outbox });
    // A run that was only asked for, and never began, keeps nothing: not even empty tables.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const isStored = hasTables(storage.sql);
    if (isStored) ctx.blockConcurrencyWhile(async () => void this.#prepareTables());
    // Its parent may have asked it to stop before it was started.
    this.#begun = isStored && this.#parts.get("start") !== undefined;
  }

  #openActorStorage(): ActorStorage {
    return openActorStorage(this.ctx.storage, {
      deliver: (outgoing) => deliverFromRun(this.#shared(), outgoing),
      onDelivered: (outgoing, answer) => takeAnswer(this.#host, outgoing, answer),
    });
  }

  #prepareTables(): boolean {
    return prepareTables(this.ctx.storage, { alarm: this.#alarm, outbox: this.#outbox }, tables);
  }

  /** What is in memory follows from storage that is no more, or was never written. */
  #forgetMemory(): void {
    ({ alarm: this.#alarm, timers: this.#timers, outbox: this.#outbox } = this.#openActorStorage());
    this.#log = new LogStore(this.ctx.storage.sql);
    this.#host = this.#makeHost();
    this.#retirement = this.#makeRetirement();
    this.#interventions = new Interventions({ host: this.#host, outbox: this.#outbox });
  }

  // ------------------------------------------------------------------ from the bus

  async start({ askedAt, ...run }: StartRun): Promise<void> {
    // So late, it may be a repetition of one that is over and gone.
    const isLate = askedAt !== undefined && Date.now() - askedAt > LATE_MS;
    if (isLate && !this.#begun && (await this.#ended(run))) return;
    await this.#begin(run, { isRepeated: true });
    await this.#outbox.deliverEntrusted(DELIVERY_PATIENCE_MS);
  }

  async startForked(run: StartRun, records: JournalRecord[], claim?: PlaceClaim): Promise<void> {
    if (!this.#begun && (await this.#ended(run))) return;
    await this.#begin(run, { records, ...(claim && { claim }) });
  }

  /** What is known of the run when it has ended, and its storage was given up. */
  async #ended({ id, workspace }: Pick<StartRun, "id" | "workspace">): Promise<RunSummary | undefined> {
    const known = await directoryStub(this.env, workspace).run(id);
    return known?.finishedAt === undefined ? undefined : known;
  }

  async #begin(
    run: StartRun,
    { records, ...how }: { records?: JournalRecord[]; claim?: PlaceClaim; isRepeated?: boolean },
  ): Promise<void> {
    if (this.#begun) {
      // The first start may have been cut off before all was told that it had to see to.
      this.#outbox.takeBack();
      void this.#outbox.flush();
      // A repetition is a call like any other: it sees to it that the run goes on.
      this.#host.resume();
      return;
    }
    const turn = this.#host.decideFirst(run, records);
    const begin = () => {
      this.#host.begin(turn, () => this.#prepareTables(), how);
      this.#begun = true;
    };
    // What was kept for it comes before it goes on: that its parent wants it no more.
    if (!turn.isOpen || hasTables(this.ctx.storage.sql)) begin();
    else {
      // Whoever asks for the run meanwhile waits until it has begun.
      await this.ctx.blockConcurrencyWhile(async () => {
        await turn.complete();
        begin();
      });
    }
  }

  async deliverEvent({ command, event, seq }: Args<"deliverEvent">): Promise<{ accepted: boolean }> {
    if (!this.#begun) return { accepted: false };
    const fed = this.#host.feed({ type: "event", command, event, seq });
    return { accepted: fed.kept || fed.refused === undefined };
  }

  // --------------------------------------------------------------- from the router

  async jobTaken({ command, attempt, runner }: Args<"jobTaken">): Promise<void> {
    if (this.#begun) this.#host.feed({ type: "job_taken", command, attempt, runner });
  }

  async inputsSensitive(told: Args<"inputsSensitive">): Promise<void> {
    if (this.#begun) this.#host.feed({ type: "inputs_sensitive", ...told });
  }

  async jobFinished({ command, attempt, ...ending }: Args<"jobFinished">): Promise<void> {
    if (!this.#begun) return;
    this.#host.feed({ type: "job_finished", command, attempt, ...ending }, () =>
      this.#log.endFunction(Date.now(), { command, attempt }),
    );
  }

  // --------------------------------------------------------------- from the routes

  async appendLog(chunk: Args<"appendLog">): Promise<void> {
    if (!this.#begun) return;
    this.#log.appendFunction(Date.now(), chunk);
    this.#tell();
  }

  async reportProgress(report: Args<"reportProgress">): Promise<void> {
    if (!this.#begun) return;
    this.#progress.put(report);
    this.#tell();
  }

  async resolveApproval(decision: Args<"resolveApproval">): ReturnType<WorkflowRunRpc["resolveApproval"]> {
    return this.#begun ? this.#interventions.resolveApproval(decision) : this.#unknown();
  }

  async cancel(request: Args<"cancel">): ReturnType<WorkflowRunRpc["cancel"]> {
    return this.#begun ? this.#interventions.cancel(request) : this.#unknown();
  }

  async operate(request: Args<"operate">): ReturnType<WorkflowRunRpc["operate"]> {
    return this.#begun ? this.#interventions.operate(request) : this.#unknown();
  }

  async signal(signal: Args<"signal">): ReturnType<WorkflowRunRpc["signal"]> {
    return this.#begun ? this.#interventions.signal(signal) : this.#unknown();
  }

  async form(id: FormId): ReturnType<WorkflowRunRpc["form"]> {
    return this.#begun ? this.#interventions.form(id) : unknownForm(id);
  }

  async fillForm(answer: Args<"fillForm">): ReturnType<WorkflowRunRpc["fillForm"]> {
    return this.#begun ? this.#interventions.fillForm(answer) : unknownForm(answer.form);
  }

  async fork(request: Args<"fork">): ReturnType<WorkflowRunRpc["fork"]> {
    return this.#begun ? await beginFork(this.#shared(), request) : this.#unknown();
  }

  async standing(of: Args<"standing">): ReturnType<WorkflowRunRpc["standing"]> {
    // Not begun yet, or over and gone: the directory tells which.
    const summary = this.#begun ? this.#host.summary() : await this.#ended(of);
    if (!summary) return { state: "unknown" };
    const { state, continuedAs, paused } = summary;
    if (!finishedStates.includes(state)) return { state: isPausedForPlace(paused) ? "waiting" : "on" };
    return { state: "over", ...(continuedAs === undefined ? {} : { successor: continuedAs as RunId }) };
  }

  async placeAnswered(answer: PlaceAnswer): Promise<void> {
    if (this.#begun) this.#host.feed({ type: "place_answered", answer });
  }

  async childFinished({ command, outcome }: Args<"childFinished">): Promise<void> {
    if (this.#begun) this.#host.feed({ type: "child_finished", command, outcome });
  }

  async closeByParent({ parent, terminate }: Args<"closeByParent">): Promise<void> {
    const input = {
      type: "cancel",
      by: parent,
      reason: "the run that started it has ended",
      terminate,
      parent,
    } as const;
    if (!this.#begun) {
      this.#host.keepUntilBegun(input, () => this.#prepareTables());
      return;
    }
    if (parentOfRun(this.#host.run)?.run !== parent) return;
    const { continuedAs } = this.#host.summary();
    if (continuedAs === undefined) this.#host.feed(input);
    else this.#outbox.add(message("run", continuedAs, "closeByParent", [{ parent, terminate }]));
    void this.#outbox.flush();
  }

  async lockGranted({ command }: Args<"lockGranted">): Promise<{ accepted: boolean }> {
    if (!this.#begun) return { accepted: false };
    const fed = this.#host.feed({ type: "lock_granted", command });
    return { accepted: fed.kept || fed.refused === undefined };
  }

  async lockRevoked(loss: Args<"lockRevoked">): Promise<void> {
    if (this.#begun) this.#host.feed({ type: "lock_revoked", ...loss });
  }

  async detail(): ReturnType<WorkflowRunRpc["detail"]> {
    if (!this.#begun) return this.#unknown();
    const detail = this.#host.detail();
    const origin = this.#parts.get("origin");
    return ok({
      ...detail,
      activities: this.#withProgress(detail.activities),
      ...(origin?.how === "restored" && { restoredAt: origin.at }),
    });
  }

  async activities(page: Args<"activities">): ReturnType<WorkflowRunRpc["activities"]> {
    if (!this.#begun) return this.#unknown();
    const { activities, ...next } = this.#host.activities(page);
    return ok({ activities: this.#withProgress(activities), ...next });
  }

  #withProgress(activities: readonly Activity[]): Activity[] {
    const { mask } = this.#host.secrets();
    return this.#progress.addTo(activities, (message) => mask.text(message));
  }

  async journal({ after, limit }: Args<"journal">): ReturnType<WorkflowRunRpc["journal"]> {
    if (!this.#begun) return this.#unknown();
    const { records, ...next } = this.#journal.page(after, limit);
    const secrets = this.#host.secrets();
    return ok({ records: records.map((record) => maskedRecord(record, secrets, sha256)), ...next });
  }

  async log({ after, limit }: Args<"log">): ReturnType<WorkflowRunRpc["log"]> {
    if (!this.#begun) return this.#unknown();
    return ok(this.#logReader.page(after, limit, this.#host.secrets().mask));
  }

  async source(): ReturnType<WorkflowRunRpc["source"]> {
    const program = this.#begun ? this.#parts.get("program") : undefined;
    return program ? ok(program) : this.#unknown();
  }

  async historyHead(): ReturnType<WorkflowRunRpc["historyHead"]> {
    const head = this.#begun ? this.#retirement.head() : undefined;
    return head ? ok(head) : this.#unknown();
  }

  // ------------------------------------------------------------- after the run's end

  async retire(): Promise<void> {
    if (this.#begun) this.#retirement.ask();
  }

  async restore({ workspace, id }: Args<"restore">): ReturnType<WorkflowRunRpc["restore"]> {
    const archive = archiveOf(this.env, workspace);
    // Nobody sees it half there, and who asks while it comes waits for it.
    return await this.ctx.blockConcurrencyWhile(async () => {
      if (this.#begun) return ok(null);
      const archived = await archive?.open(id);
      if (!archived) return this.#unknown();
      this.#prepareTables();
      await this.#retirement.restore(archived);
      this.#begun = true;
      return ok(null);
    });
  }

  async importHistory({
    head,
    records,
    by,
  }: Args<"importHistory">): ReturnType<WorkflowRunRpc["importHistory"]> {
    const id = head.run.id as RunId;
    const { workspace } = head.run;
    const isArchived = await archiveOf(this.env, workspace)?.has(id);
    if (this.#begun || isArchived) return refuse("run_exists", `the run ${id} is here already`);
    const at = Date.now();
    const imported = { ...head, run: { ...head.run, imported: { by: by.subject, at } } };
    try {
      this.#alarm.transaction(() => {
        this.#prepareTables();
        this.#retirement.adopt(imported, records, by.subject);
        const entry = { at, by: by.subject, action: "run.import", subject: id, data: {} };
        const key = `import/${id}/${at}`;
        this.#outbox.add(auditMessage(this.#host.secrets(), { key, ...entry }));
        this.#outbox.add(summaryMessage);
      });
    } catch (error) {
      this.#forgetMemory();
      if (error instanceof RowTooLarge) return refuse("payload_too_large", error.message);
      throw error;
    }
    this.#begun = true;
    void this.#outbox.flush();
    return ok(this.#host.summary());
  }

  /** Nothing is left of the run here: the next call finds an object that never was. */
  async #forget(): Promise<void> {
    for (const socket of this.ctx.getWebSockets()) socket.close(1001, "the run's storage is given up");
    this.#begun = false;
    // The alarm goes with it.
    await this.ctx.blockConcurrencyWhile(() => this.ctx.storage.deleteAll());
    this.#forgetMemory();
  }

  // ------------------------------------------------------------------- who watches

  /** Opens a dashboard's socket. It is told how far journal and log go, and reads on from where it is. */
  override async fetch(request: Request): Promise<Response> {
    if (!this.#begun) return new Response("no run has this id", { status: 404 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [request.headers.get(WATCHER_HEADER) ?? ""]);
    server.serializeAttachment({ since: Date.now() });
    server.send(this.#extent());
    return new Response(null, { status: 101, webSocket: client });
  }

  #extent(): string {
    const extent: RunExtent = {
      type: "extent",
      journal: this.#journal.lastSeq(),
      log: this.#logReader.lastSeq(),
    };
    return JSON.stringify(extent);
  }

  #tell(): void {
    const sockets = this.ctx.getWebSockets();
    if (sockets.length === 0) return;
    const extent = this.#extent();
    for (const socket of sockets) tell(socket, extent, Date.now());
  }

  override async webSocketMessage(): Promise<void> {
    // Watchers only listen; their pings are answered without waking the object.
  }

  // ------------------------------------------------------------------- from itself

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#begun ? this.#outbox.parked() : [];
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return this.#begun ? retryParked(this.#outbox, request) : 0;
  }

  override async alarm(): Promise<void> {
    if (!this.#begun) {
      // Brought back only in part, and not asked for again.
      if (hasTables(this.ctx.storage.sql) && this.#timers.get(RETIRE)) await this.#forget();
      return;
    }
    let mayGo = false;
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: async (timer) => {
        if (timer.id === RETIRE) mayGo = await this.#retirement.mayGo();
        else this.#host.fire(timer);
      },
    });
    // Whoever was to be told something meanwhile is told first.
    if (mayGo && !this.#outbox.holdsAny()) await this.#forget();
  }

  #makeRetirement(): Retirement {
    return new Retirement({
      alarm: this.#alarm,
      timers: this.#timers,
      parts: this.#parts,
      journal: this.#journal,
      log: this.#log,
      logReader: this.#logReader,
      ports: retirementPorts({ env: () => this.env, secrets: () => this.#host.secrets() }),
    });
  }

  #makeHost(): RunHost {
    return new RunHost({
      sql: this.ctx.storage.sql,
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      parts: this.#parts,
      journal: this.#journal,
      log: this.#log,
      ports: hostPorts(this.env, { changed: () => this.#tell() }),
    });
  }

  /** What those share who act for the run: another one once its storage was given up. */
  #shared(): Sender & Forked {
    return {
      env: this.env,
      host: this.#host,
      outbox: this.#outbox,
      journal: this.#journal,
      parts: this.#parts,
    };
  }

  #unknown(): Result<never> {
    return refuse("unknown_run", "no run has this id");
  }
}
