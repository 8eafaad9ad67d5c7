// What is outside a run, for tests that cut its power: receivers that apply each message once, like the real ones, and
// what comes of that for the run. Whatever is asked twice is answered twice, and happens once.
import type { QueueJob } from "../../durable-objects/rpc/job-router.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { Form } from "../../src/protocol/form.ts";
import type { ApprovalId, CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { ErrorData } from "../../src/protocol/result.ts";
import type { Message } from "../../src/storage/outbox.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import { event } from "./run-fixture.ts";

/** The lock that somebody else holds for good. */
export const BUSY = "busy";

export class World {
  now: number;
  readonly jobs = new Map<string, QueueJob>();
  readonly events = new Map<string, CloudEvent>();
  readonly approvals = new Map<string, Approval>();
  readonly forms = new Map<string, Form>();
  readonly deployments = new Set<string>();
  readonly children = new Map<string, string>();
  readonly closed = new Set<string>();
  readonly successors = new Map<string, JsonValue | undefined>();
  readonly consumed = new Set<string>();
  /** Commands, by the lock that they hold, wait for, or have let go of: for good, whatever they ask later. */
  readonly claims = new Map<CommandId, { key: string; state: "waiting" | "held" | "over" }>();
  readonly decided: string[] = [];
  /** What the run has not acknowledged yet: given to it until it has. */
  readonly inbound: RunInput[] = [];
  forgotten = false;
  readonly #waits = new Set<string>();

  constructor(now: number) {
    this.now = now;
  }

  /** Answers as the receiver does. Throws for a message that nobody here knows: each must have come to something. */
  receive({ receiver, method, args }: Message): unknown {
    const [first] = args as [never];
    switch (method) {
      case "enqueue":
        return this.#enqueue(first);
      case "ingestFromRun":
        for (const one of first as CloudEvent[]) this.events.set(one.id, one);
        return undefined;
      case "registerWait":
        return this.#wait(first);
      case "cancelWait":
      case "cancelJob":
        return undefined;
      case "apply":
        return this.#apply(first);
      case "recordDeployment":
        this.deployments.add(`${receiver} ${JSON.stringify(first)}`);
        return undefined;
      case "forgetRun":
        this.forgotten = true;
        return undefined;
      case "acquire":
        return this.#acquire(first);
      case "release":
        return this.#release(first);
      case "startChild":
        return this.#startChild(first);
      case "closeChild":
        this.closed.add(JSON.stringify(first));
        return undefined;
      case "startSuccessor":
        return this.#startSuccessor(first);
      case "keepConsumed":
        this.consumed.add(JSON.stringify(first));
        return undefined;
      default:
        throw new Error(`nobody takes ${method} for ${receiver}`);
    }
  }

  #enqueue(job: QueueJob): void {
    if (this.jobs.has(job.id)) return;
    this.jobs.set(job.id, job);
    const { command, attempt } = job;
    this.inbound.push(
      { type: "job_taken", command, attempt, runner: "r1" },
      { type: "job_finished", command, attempt, outcome: outcomeOf(job), cause: "completed" },
    );
  }

  #wait({ command, type }: { command: CommandId; type: string }): void {
    if (type !== "com.example.go" || this.#waits.has(command)) return;
    this.#waits.add(command);
    const go = event({ id: "go-1", type, data: { n: 1 } });
    this.inbound.push({ type: "event", command, event: go, seq: 9 });
  }

  #apply({ approvals = [], forms = [] }: { approvals?: Approval[]; forms?: Form[] }): void {
    for (const approval of approvals) this.#approve(approval);
    for (const form of forms) this.#fill(form);
  }

  #approve(approval: Approval): void {
    const known = this.approvals.get(approval.id);
    this.approvals.set(approval.id, approval);
    if (known || approval.state !== "pending") return;
    const id = approval.id as ApprovalId;
    this.inbound.push({
      type: "approval_resolved",
      approval: id,
      decision: "approve",
      comment: "",
      by: "olivia",
    });
  }

  #fill(form: Form): void {
    const known = this.forms.get(form.id);
    this.forms.set(form.id, form);
    if (known || form.state !== "pending" || form.title === "ignored") return;
    this.inbound.push({
      type: "form_filled",
      command: form.command as CommandId,
      values: { share: 0.25 },
      by: "fay",
    });
  }

  #acquire({ key, command }: { key: string; command: CommandId }): void {
    if (this.claims.has(command)) return;
    this.claims.set(command, { key, state: "waiting" });
    this.#grant(key);
  }

  #release({ key, command }: { key: string; command: CommandId }): void {
    this.claims.set(command, { key, state: "over" });
    this.#grant(key);
  }

  #grant(key: string): void {
    const claims = [...this.claims].filter(([, claim]) => claim.key === key);
    if (key === BUSY || claims.some(([, { state }]) => state === "held")) return;
    const next = claims.find(([, { state }]) => state === "waiting");
    if (!next) return;
    const [command, claim] = next;
    claim.state = "held";
    this.inbound.push({ type: "lock_granted", command });
  }

  #startChild({ command, workflow, event: { data = null } }: ChildStart): { refused?: ErrorData } {
    if (workflow === "nobody")
      return { refused: { code: "UnknownWorkflow", message: "start: no such workflow" } };
    const isNew = !this.children.has(command);
    this.children.set(command, `${workflow} ${JSON.stringify(data)}`);
    if (!isNew || workflow === "endless") return {};
    const error = { code: "Broken", message: "broke" };
    const outcome =
      workflow === "broken"
        ? ({ state: "failed", error } as const)
        : ({ state: "succeeded", output: data } as const);
    this.inbound.push({ type: "child_finished", command, outcome });
    return {};
  }

  #startSuccessor({ run, event: { data }, signals }: Successor): void {
    this.successors.set(run, { data: data ?? null, signals: signals.map(({ name }) => name) });
  }
}

interface ChildStart {
  command: CommandId;
  workflow: string;
  event: { data?: JsonValue };
}

interface Successor {
  run: RunId;
  event: { data?: JsonObject };
  signals: { name: string }[];
}

function outcomeOf({ reference, attempt }: QueueJob): JobOutcome {
  if (reference.includes("broken"))
    return { error: { code: "Broken", message: "for good", retryable: false } };
  if (reference.includes("flaky") && attempt === 1)
    return { error: { code: "Flaky", message: "once", retryable: true } };
  return { ok: { reference } };
}
