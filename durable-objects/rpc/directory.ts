// What the directory of a workspace is told and asked.
import type { AuditEntry } from "../../src/protocol/audit.ts";
import type { EnvironmentView } from "../../src/protocol/environment.ts";
import type { Form, FormState } from "../../src/protocol/form.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { Stirred } from "../../src/protocol/live.ts";
import type { LockView } from "../../src/protocol/lock.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { RunState, RunSummary } from "../../src/protocol/run.ts";
import type { Identity, Role, TokenView } from "../../src/protocol/token.ts";
import type { OpenedFilter } from "../directory/newest-opened.ts";
import type { OutboxRpc } from "./outbox.ts";
import type { Position } from "./position.ts";

export interface RunFilter {
  state?: RunState[];
  workflow?: string;
  environment?: string;
  initiator?: string;
  /** The run that started them. */
  parent?: string;
  /** All of these. */
  labels?: Record<string, string>;
  /** Words of which each begins a word of the run. */
  text?: string;
  /** Created at or after this, and before that; ms since the epoch. */
  from?: number;
  to?: number;
  before?: Position;
  limit: number;
}

export interface RunPage {
  runs: RunSummary[];
  /** The `before` of the following page. */
  next?: Position;
}

export interface DirectoryOverview {
  cursor: number;
  environments: EnvironmentView[];
  moving: RunPage;
  failed: RunPage;
  succeeded: RunPage;
  /** Those that are pending. */
  approvals: Approval[];
  forms: Form[];
}

export interface DirectoryRpc extends OutboxRpc {
  /** Any actor → directory. Idempotent: a summary or approval older than the known version is ignored, audit by key. */
  apply(change: {
    runs?: RunSummary[];
    approvals?: Approval[];
    forms?: Form[];
    locks?: LockView[];
    environments?: (EnvironmentView | { name: string; removed: true; version: number })[];
    audit?: (AuditEntry & { key: string })[];
  }): Promise<void>;
  /** Passes on to open dashboards that lists of these are to be read again. Keeps nothing. */
  stirred(what: Stirred): Promise<void>;
  runs(filter: RunFilter): Promise<RunPage>;
  /** The last that was heard of a run. */
  run(id: RunId): Promise<RunSummary | null>;
  /** The same of those of them that are known, each once. */
  named(ids: readonly RunId[]): Promise<RunSummary[]>;
  approvals(filter: OpenedFilter<Approval["state"]>): Promise<Approval[]>;
  forms(filter: OpenedFilter<FormState>): Promise<Form[]>;
  /** Those that somebody holds or waits for, at most 500. */
  locks(): Promise<LockView[]>;
  environments(): Promise<EnvironmentView[]>;
  /** What the dashboard shows first, all of it as of `cursor`, which its socket goes on from. */
  overview(): Promise<DirectoryOverview>;
  /** Those of the names that no environment has. */
  unknownEnvironments(names: readonly string[]): Promise<string[]>;
  audit(page: { before?: number; limit: number }): Promise<{ entries: AuditEntry[]; next?: number }>;
  /** Stores only the digest; the token itself is made by the caller. */
  createToken(token: {
    id: string;
    digest: string;
    subject: string;
    role: Role;
    expiresAt?: number;
    tags?: string[];
    by: string;
  }): Promise<Result<TokenView>>;
  /** The identity behind a token's SHA-256 (hex), or null. */
  authenticate(digest: string): Promise<Identity | null>;
  tokens(): Promise<TokenView[]>;
  revokeToken(id: string, by: string): Promise<Result<null>>;
}
