// One workflow run: the RPC surface over its engine's host, its storage and its one alarm.
import { DurableObject } from "cloudflare:workers";
import { evaluatePolicy, evaluatePolicyAtOnce } from "../src/policy/index.ts";
import type { CommandId, FormId, RunId } from "../src/protocol/ids.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type { RunExtent } from "../src/protocol/live.ts";
import type { ErrorData, Result } from "../src/protocol/result.ts";
import { ok, refuse } from "../src/protocol/result.ts";
import { type Activity, finishedStates, type RunSummary, runStates } from "../src/protocol/run.ts";
import { type ActorStorage, openActorStorage, prepareTables } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { hasTables } from "../src/storage/migrations.ts";
import type { Message, Outbox } from "../src/storage/outbox.ts";
import { RowTooLarge } from "../src/storage/row-size.ts";
import { scaledDueAt, timeScaleOf } from "../src/storage/time-scale.ts";
import type { Timers } from "../src/storage/timers.ts";
import { endOf } from "../src/workflow/journal-state.ts";
import type { RunInput } from "../src/workflow/machine-types.ts";
import { parentOfRun } from "../src/workflow/parent.ts";
import { maskedRecord } from "../src/workflow/secrets/masked-record.ts";
import { deliverMessage, message } from "./deliver.ts";
import { retryParked } from "./parked-messages.ts";
import { retentionMs } from "./retention.ts";
import type { AuditEntry } from "./rpc/directory.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import type { StartRun, WorkflowRunRpc } from "./rpc/workflow-run.ts";
import { sha256 } from "./sha256.ts";
import { startWorkflow } from "./start-workflow.ts";
import { busStub, catalogStub, directoryStub, environmentStub, runStub } from "./stubs.ts";
import { tell, WATCHER_HEADER } from "./watchers.ts";
import { archiveOf } from "./workflow-run/archive.ts";
import { Decisions } from "./workflow-run/decide.ts";
import { loadMachine } from "./workflow-run/engine.ts";
import { entropy } from "./workflow-run/entropy.ts";
import { type ForkFrom, filledInRestart, forkFrom, forkOf, restartMessage } from "./workflow-run/fork.ts";
import { JournalStore } from "./workflow-run/journal.ts";
import { LogReader } from "./workflow-run/log-reader.ts";
import { LogStore } from "./workflow-run/log-store.ts";
import { type ChildRequest, childMessage, filledIn, summaryMessage } from "./workflow-run/messages.ts";
import { outboundOf } from "./workflow-run/outbound.ts";
import { Parts, type StoredStart } from "./workflow-run/parts.ts";
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
    // A run that was only asked for, and never began, keeps nothing: not even empty tables.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const isStored = hasTables(storage.sql);
    if (isStored) ctx.blockConcurrencyWhile(async () => void this.#prepareTables());
    // Its parent may have asked it to stop before it was started.
    this.#begun = isStored && this.#parts.get("start") !== undefined;
  }

  #openActorStorage(): ActorStorage {
    return openActorStorage(this.ctx.storage, {
      deliver: (outgoing) => this.#deliver(outgoing),
      onDelivered: (outgoing, answer) => this.#answered(outgoing, answer),
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
  }

  // ------------------------------------------------------------------ from the bus

  async start({ askedAt, ...run }: StartRun): Promise<void> {
    // So late, it may be a repetition of one that is over and gone.
    const isLate = askedAt !== undefined && Date.now() - askedAt > LATE_MS;
    if (isLate && !this.#begun && (await this.#wasHere(run))) return;
    this.#begin(run, { isRepeated: true });
    await this.#outbox.deliverEntrusted(DELIVERY_PATIENCE_MS);
  }

  async startForked(run: StartRun, records: JournalRecord[]): Promise<void> {
    if (!this.#begun && (await this.#wasHere(run))) return;
    this.#begin(run, { records });
  }

  /** Whether the run has ended, and its storage was given up. */
  async #wasHere({ id, workspace }: StartRun): Promise<boolean> {
    const known = await directoryStub(this.env, workspace).run(id);
    return known?.finishedAt !== undefined;
  }

  #begin(run: StartRun, how: Parameters<RunHost["begin"]>[2]): void {
    if (this.#begun) {
      // The first start may have been cut off before all was told that it had to see to.
      this.#outbox.takeBack();
      void this.#outbox.flush();
      // A repetition is a call like any other: it sees to it that the run goes on.
      this.#host.resume();
    } else this.#host.begin(run, () => this.#prepareTables(), how);
    this.#begun = true;
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
    if (!this.#begun) return this.#unknown();
    const { approval, by, comment } = decision;
    const fed = this.#host.feed({ type: "approval_resolved", ...decision, by: by.subject }, (changes) => {
      if (changes.refused || changes.records.length === 0) return;
      this.#audit(`approval/${approval}`, {
        at: Date.now(),
        by: by.subject,
        action: `approval.${decision.decision}`,
        subject: approval,
        data: { run: this.#host.run.id, comment },
      });
    });
    if (fed.kept) return stuck();
    if (fed.refused) return { ok: false, error: fed.refused };
    const resolved = this.#host.approval(approval);
    return resolved ? ok(resolved) : stuck();
  }

  async cancel({ by, reason, terminate }: Args<"cancel">): ReturnType<WorkflowRunRpc["cancel"]> {
    if (!this.#begun) return this.#unknown();
    const action = terminate ? "terminate" : "cancel";
    const input = { type: "cancel", by: by.subject, reason, terminate } as const;
    return this.#intervene(input, action, { reason });
  }

  async operate({ by, reason, operation }: Args<"operate">): ReturnType<WorkflowRunRpc["operate"]> {
    if (!this.#begun) return this.#unknown();
    const data = { reason, ...("command" in operation && { command: operation.command ?? null }) };
    return this.#intervene({ type: "operate", by: by.subject, reason, operation }, operation.action, data);
  }

  async fork(asked: Args<"fork">): ReturnType<WorkflowRunRpc["fork"]> {
    if (!this.#begun) return this.#unknown();
    const { id, restart } = asked;
    // What has arrived comes first. From here to the end of a restart, nothing else comes in between.
    this.#host.resume();
    const { run } = this.#host;
    // What happened elsewhere is for looking at: nobody here has decided what it says was decided.
    if (run.imported)
      return refuse("run_imported", `the run was imported by ${run.imported.by}: start one here`);
    const kept = this.#kept();
    const end = endOf(kept.records.at(-1));
    const instead = restart ? end?.data.restarted?.run : undefined;
    if (instead !== undefined && instead !== id)
      return refuse("already_restarted", `the run goes on as ${instead}: restart that one`, { run: instead });
    const from = forkFrom(asked, kept.records);
    if (!from.ok) return from;
    const request = from.value;
    const forked = forkOf(run, request, kept);
    if (!forked.ok) return forked;
    const successor = runStub(this.env, run.workspace, id);
    if (restart && !end) {
      const refused = this.#endInFavour(request);
      if (refused) return refused;
    } else if (instead === undefined) {
      // The new run first: if the power goes here, the one who asked for it asks again, with the same id.
      await successor.startForked(forked.value.start, forked.value.records);
      this.#auditFork(request);
    }
    const told = this.#outbox.flush();
    if (restart) await told;
    const detail = await successor.detail();
    // What the outbox has not brought to it yet is on its way.
    if (!detail.ok) return ok(forked.value.summary);
    const { activities: _, output: __, traceback: ___, ...summary } = detail.value;
    return ok(summary);
  }

  #kept(): Parameters<typeof forkOf>[2] {
    return { records: this.#journal.all(), program: this.#parts.get("program") };
  }

  /** Ends the run, and has the one that begins in its place told so: one commit. Answers why not, where it cannot. */
  #endInFavour(request: ForkFrom): Result<never> | undefined {
    const { id, command, by, reason } = request;
    const why = `restarted from ${command} as ${id}${reason === "" ? "" : `: ${reason}`}`;
    const input = { type: "cancel", by: by.subject, reason: why, terminate: true, successor: id } as const;
    const fed = this.#host.feed(input, (changes) => {
      if (changes.refused) return;
      this.#auditFork(request);
      this.#outbox.add(restartMessage(request));
    });
    return !fed.kept && fed.refused ? { ok: false, error: fed.refused } : undefined;
  }

  #auditFork({ id, command, by, reason, restart }: ForkFrom): void {
    this.#audit(`fork/${id}`, {
      at: Date.now(),
      by: by.subject,
      action: restart ? "run.restart" : "run.fork",
      subject: this.#host.run.id,
      data: { reason, command, as: id },
    });
  }

  /** Feeds what a person does to the run, with its entry in the audit in the same commit. */
  #intervene(
    input: Extract<RunInput, { type: "cancel" | "operate" }>,
    action: string,
    data: JsonObject,
  ): Result<RunSummary> {
    const fed = this.#host.feed(input, (changes) => {
      const first = changes.records[0];
      if (changes.refused || !first) return;
      const { id } = this.#host.run;
      this.#audit(`${action}/${id}/${first.seq}`, {
        at: Date.now(),
        by: input.by,
        action: `run.${action}`,
        subject: id,
        data,
      });
    });
    if (fed.kept) return stuck();
    return fed.refused ? { ok: false, error: fed.refused } : ok(this.#host.summary());
  }

  async standing(): ReturnType<WorkflowRunRpc["standing"]> {
    if (!this.#begun) return "unknown";
    return finishedStates.includes(this.#host.summary().state) ? "over" : "on";
  }

  async form(id: FormId): ReturnType<WorkflowRunRpc["form"]> {
    const form = this.#begun ? this.#host.form(id) : undefined;
    return form ? ok(form) : refuse("unknown_form", `there is no form ${id}`);
  }

  async fillForm({ form: id, values, by }: Args<"fillForm">): ReturnType<WorkflowRunRpc["fillForm"]> {
    const known = await this.form(id);
    if (!known.ok) return known;
    const command = known.value.command as CommandId;
    const fed = this.#host.feed({ type: "form_filled", command, values, by: by.subject }, (changes) => {
      if (changes.refused || changes.records.length === 0) return;
      this.#audit(`form/${id}`, {
        at: Date.now(),
        by: by.subject,
        action: "form.fill",
        subject: id,
        data: { run: this.#host.run.id },
      });
    });
    if (fed.kept) return stuck();
    return fed.refused ? { ok: false, error: fed.refused } : await this.form(id);
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

  async signal({ by, ...signal }: Args<"signal">): ReturnType<WorkflowRunRpc["signal"]> {
    if (!this.#begun) return this.#unknown();
    const { id, name } = signal;
    const fed = this.#host.feed({ type: "signal", ...signal, by: by.subject }, (changes) => {
      if (changes.refused || changes.records.length === 0) return;
      const { id: run } = this.#host.run;
      const audit = {
        at: Date.now(),
        by: by.subject,
        action: "run.signal",
        subject: run,
        data: { id, name },
      };
      this.#audit(`signal/${run}/${id}`, audit);
    });
    return !fed.kept && fed.refused ? { ok: false, error: fed.refused } : ok(null);
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
        this.#audit(`import/${id}/${at}`, entry);
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
      ports: {
        now: () => Date.now(),
        secrets: () => this.#host.secrets(),
        retentionMs: () => retentionMs(this.env),
        archive: (workspace) => archiveOf(this.env, workspace),
        hasChildren: async (workspace, parent) => {
          const state = runStates.filter((one) => !finishedStates.includes(one));
          const { runs } = await directoryStub(this.env, workspace).runs({ parent, state, limit: 1 });
          return runs.length > 0;
        },
      },
    });
  }

  #makeHost(): RunHost {
    const { env } = this;
    const scale = timeScaleOf(env);
    let known: Decisions | undefined;
    const decisions = ({ workspace }: StoredStart) => {
      known ??= new Decisions({
        // A stub that has failed once goes on failing: each question gets its own.
        catalog: { governing: (call) => catalogStub(env, workspace).governing(call) },
        environment: (name) => environmentStub(env, workspace, name),
        evaluate: evaluatePolicy,
        evaluateAtOnce: evaluatePolicyAtOnce,
      });
      return known;
    };
    return new RunHost({
      sql: this.ctx.storage.sql,
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      parts: this.#parts,
      journal: this.#journal,
      log: this.#log,
      ports: {
        changed: () => this.#tell(),
        rest: () => new Promise((resolve) => setTimeout(resolve, 0)),
        now: Date.now,
        entropy,
        outbound: outboundOf(env),
        loadMachine: (program, start, records) =>
          loadMachine(program, {
            start,
            records,
            sha256Hex: sha256,
            replayEveryTime: env.SLUICE_REPLAY_EVERY_TIME === "1",
            scaleDueAt: (dueAt, now) => scaledDueAt(dueAt, now, scale),
          }),
        decide: (run, call) => decisions(run).ask(run, call, Date.now()),
        decideAtOnce: (run, call) => decisions(run).askAtOnce(run, call, Date.now()),
      },
    });
  }

  async #deliver(outgoing: Message): Promise<unknown> {
    const { run } = this.#host;
    const { workspace } = run;
    if (outgoing.method === "start") {
      const program = this.#parts.get("program");
      if (!program) throw new Error("this run's program is no longer kept");
      return await deliverMessage(this.env, workspace, filledIn(outgoing, run, program));
    }
    if (outgoing.method === "startForked")
      return await deliverMessage(this.env, workspace, filledInRestart(outgoing, run, this.#kept()));
    if (outgoing.method === childMessage.method)
      return await this.#startChild(outgoing.args[0] as ChildRequest);
    if (outgoing.method !== summaryMessage.method) return await deliverMessage(this.env, workspace, outgoing);
    return await directoryStub(this.env, workspace).apply({ runs: [this.#host.summaryToSend()] });
  }

  async #startChild({ command, workflow, event }: ChildRequest): Promise<{ refused?: ErrorData }> {
    const { id, workspace, initiator } = this.#host.run;
    const ports = { catalog: catalogStub(this.env, workspace), bus: busStub(this.env, workspace) };
    const started = await startWorkflow(ports, { workflow, event, initiator });
    if (!started.ok) {
      const { code, message, details } = started.error;
      const refused = { code: startErrors.get(code) ?? "NotStartable", message: `start: ${message}` };
      return { refused: { ...refused, ...(details && { details }) } };
    }
    const { run, parent } = started.value;
    if (parent?.run === id && parent.command === command) return {};
    const message = `start: ${workflow} was started before under the id ${event.id}`;
    return { refused: { code: "AlreadyStarted", message, details: { run } } };
  }

  #answered({ method, args }: Message, answer: unknown): void {
    if (method !== childMessage.method) return;
    const { command } = args[0] as ChildRequest;
    this.#host.feed({ type: "child_started", command, ...(answer as { refused?: ErrorData }) });
  }

  #audit(key: string, entry: AuditEntry): void {
    const data = this.#host.secrets().mask.value(entry.data);
    this.#outbox.add(message("directory", "", "apply", [{ audit: [{ key, ...entry, data }] }]));
  }

  #unknown(): Result<never> {
    return refuse("unknown_run", "no run has this id");
  }
}

/** What a refused start is to the script that asked for it. */
const startErrors: ReadonlyMap<string, string> = new Map([
  ["unknown_workflow", "UnknownWorkflow"],
  ["invalid_input", "InvalidInput"],
]);

function stuck(): Result<never> {
  const error: ErrorData = {
    code: "run_stuck",
    message: "the engine cannot go on with this run: its error says why, and nothing that arrives is lost",
  };
  return { ok: false, error };
}
