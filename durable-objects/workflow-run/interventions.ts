// What people do to a run: they cancel and operate it, decide its approvals, fill in its forms, send it signals. Each is
// an input of the engine, which may refuse it; what it took is in the audit log, told of in the same commit.
import type { CommandId, FormId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import type { AuditEntry } from "../rpc/directory.ts";
import type { WorkflowRunRpc } from "../rpc/workflow-run.ts";
import type { Fed } from "./feeding.ts";
import { auditMessage } from "./messages.ts";
import type { RunHost } from "./run-host.ts";

type Request<Method extends keyof WorkflowRunRpc> = Parameters<WorkflowRunRpc[Method]>[0];
type Answer<Method extends keyof WorkflowRunRpc> = Awaited<ReturnType<WorkflowRunRpc[Method]>>;

/** What is done by somebody. */
type Deed = Extract<
  RunInput,
  { type: "cancel" | "operate" | "approval_resolved" | "form_filled" | "signal" }
>;

export class Interventions {
  readonly #host: RunHost;
  readonly #outbox: Outbox;

  constructor({ host, outbox }: { host: RunHost; outbox: Outbox }) {
    this.#host = host;
    this.#outbox = outbox;
  }

  cancel({ by, reason, terminate }: Request<"cancel">): Answer<"cancel"> {
    const action = terminate ? "terminate" : "cancel";
    return this.#intervene({ type: "cancel", by: by.subject, reason, terminate }, action, { reason });
  }

  operate({ by, reason, operation }: Request<"operate">): Answer<"operate"> {
    const data = { reason, ...("command" in operation && { command: operation.command ?? null }) };
    return this.#intervene({ type: "operate", by: by.subject, reason, operation }, operation.action, data);
  }

  #intervene(
    input: Extract<Deed, { type: "cancel" | "operate" }>,
    action: string,
    data: AuditEntry["data"],
  ): Result<RunSummary> {
    const { id } = this.#host.run;
    const fed = this.#feed(input, ({ seq }) => ({
      key: `${action}/${id}/${seq}`,
      action: `run.${action}`,
      subject: id,
      data,
    }));
    return refusedOrKept(fed) ?? ok(this.#host.summary());
  }

  resolveApproval({ by, ...decision }: Request<"resolveApproval">): Answer<"resolveApproval"> {
    const { approval, comment } = decision;
    const fed = this.#feed({ type: "approval_resolved", ...decision, by: by.subject }, () => ({
      key: `approval/${approval}`,
      action: `approval.${decision.decision}`,
      subject: approval,
      data: { run: this.#host.run.id, comment },
    }));
    const refused = refusedOrKept(fed);
    if (refused) return refused;
    const resolved = this.#host.approval(approval);
    return resolved ? ok(resolved) : stuck();
  }

  form(id: FormId): Answer<"form"> {
    const form = this.#host.form(id);
    return form ? ok(form) : unknownForm(id);
  }

  fillForm({ form: id, values, by }: Request<"fillForm">): Answer<"fillForm"> {
    const known = this.form(id);
    if (!known.ok) return known;
    const command = known.value.command as CommandId;
    const fed = this.#feed({ type: "form_filled", command, values, by: by.subject }, () => ({
      key: `form/${id}`,
      action: "form.fill",
      subject: id,
      data: { run: this.#host.run.id },
    }));
    return refusedOrKept(fed) ?? this.form(id);
  }

  signal({ by, ...signal }: Request<"signal">): Answer<"signal"> {
    const { id, name } = signal;
    const { id: run } = this.#host.run;
    const fed = this.#feed({ type: "signal", ...signal, by: by.subject }, () => ({
      key: `signal/${run}/${id}`,
      action: "run.signal",
      subject: run,
      data: { id, name },
    }));
    // One that is kept for later was sent all the same.
    return !fed.kept && fed.refused ? { ok: false, error: fed.refused } : ok(null);
  }

  /** Feeds a deed. Where that leads to records, an entry of the audit log is in the same commit. */
  #feed(
    input: Deed,
    entryOf: (first: JournalRecord) => Pick<AuditEntry, "action" | "subject" | "data"> & { key: string },
  ): Fed {
    return this.#host.feed(input, (changes) => {
      const first = changes.records[0];
      if (changes.refused || !first) return;
      const entry = { at: Date.now(), by: input.by, ...entryOf(first) };
      this.#outbox.add(auditMessage(this.#host.secrets(), entry));
    });
  }
}

/** Why there is nothing to show for it, where that is so. */
function refusedOrKept(fed: Fed): Result<never> | undefined {
  if (fed.kept) return stuck();
  return fed.refused && { ok: false, error: fed.refused };
}

function stuck(): Result<never> {
  return refuse(
    "run_stuck",
    "the engine cannot go on with this run: its error says why, and nothing that arrives is lost",
  );
}

export function unknownForm(id: FormId): Result<never> {
  return refuse("unknown_form", `there is no form ${id}`);
}
