// What people do to a run: they cancel and operate it, decide its approvals, fill in its forms, send it signals. Each is
// an input of the engine, which may refuse it; what it took is in the audit log, told of in the same commit.

import type { AuditEntry } from "../../src/protocol/audit.ts";
import type { CommandId, FormId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { type ErrorData, ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import type { WorkflowRunRpc } from "../rpc/workflow-run.ts";
import type { AlsoWrite } from "./feeding.ts";
import { auditMessage } from "./messages.ts";
import type { RunHost } from "./run-host.ts";

type Request<Method extends keyof WorkflowRunRpc> = Parameters<WorkflowRunRpc[Method]>[0];
type Answer<Method extends keyof WorkflowRunRpc> = Awaited<ReturnType<WorkflowRunRpc[Method]>>;

/** What is done by somebody. */
type Deed = Extract<
  RunInput,
  { type: "cancel" | "operate" | "approval_resolved" | "form_filled" | "signal" }
>;

/** What the audit log says of a deed; `first` is the first record that it led to. */
type EntryOf = (first: JournalRecord) => Pick<AuditEntry, "action" | "subject" | "data"> & { key: string };

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

  operate({ by, reason, operation, toMany = false }: Request<"operate">): Answer<"operate"> {
    const data = { reason, ...("command" in operation && { command: operation.command ?? null }) };
    const input = { type: "operate", by: by.subject, reason, operation, toMany } as const;
    return this.#intervene(input, operation.action, data);
  }

  #intervene(
    input: Extract<Deed, { type: "cancel" | "operate" }>,
    action: string,
    data: AuditEntry["data"],
  ): Result<RunSummary> {
    const { id } = this.#host.run;
    const refused = this.#ask(input, ({ seq }) => ({
      key: `${action}/${id}/${seq}`,
      action: `run.${action}`,
      subject: id,
      data,
    }));
    return refused ?? ok(this.#host.summary());
  }

  resolveApproval({ by, ...decision }: Request<"resolveApproval">): Answer<"resolveApproval"> {
    const { approval, comment } = decision;
    const refused = this.#ask({ type: "approval_resolved", ...decision, by: by.subject }, () => ({
      key: `approval/${approval}`,
      action: `approval.${decision.decision}`,
      subject: approval,
      data: { run: this.#host.run.id, comment },
    }));
    if (refused) return refused;
    const resolved = this.#host.approval(approval);
    // What it has led to may have made the run stuck since.
    return resolved ? ok(resolved) : { ok: false, error: decidedThenStuck };
  }

  form(id: FormId): Answer<"form"> {
    const form = this.#host.form(id);
    return form ? ok(form) : unknownForm(id);
  }

  fillForm({ form: id, values, by }: Request<"fillForm">): Answer<"fillForm"> {
    const known = this.form(id);
    if (!known.ok) return known;
    const command = known.value.command as CommandId;
    const refused = this.#ask({ type: "form_filled", command, values, by: by.subject }, () => ({
      key: `form/${id}`,
      action: "form.fill",
      subject: id,
      data: { run: this.#host.run.id },
    }));
    return refused ?? this.form(id);
  }

  signal({ by, ...signal }: Request<"signal">): Answer<"signal"> {
    const { id, name } = signal;
    const { id: run } = this.#host.run;
    const input = { type: "signal", ...signal, by: by.subject } as const;
    const refused = this.#ask(input, () => ({
      key: `signal/${run}/${id}`,
      action: "run.signal",
      subject: run,
      data: { id, name },
    }));
    return refused ?? ok(null);
  }

  /** Has a deed done now, or answers why not: then nothing of it is kept. */
  #ask(input: Deed, entryOf: EntryOf): Result<never> | undefined {
    const error = this.#host.ask(input, this.#audited(input, entryOf));
    return error && { ok: false, error };
  }

  /** Where a deed leads to records, an entry of the audit log is in the same commit. */
  #audited(input: Deed, entryOf: EntryOf): AlsoWrite {
    return (changes) => {
      const first = changes.records[0];
      if (changes.refused || !first) return;
      const entry = { at: Date.now(), by: input.by, ...entryOf(first) };
      this.#outbox.add(auditMessage(this.#host.secrets(), entry));
    };
  }
}

const decidedThenStuck: ErrorData = {
  code: "run_stuck",
  message: "it was decided, and then the engine could not go on with this run: its error says why",
};

export function unknownForm(id: FormId): Result<never> {
  return refuse("unknown_form", `there is no form ${id}`);
}
