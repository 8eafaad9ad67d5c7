// What the catalog of a workspace is told and asked.
import type { Target } from "../../src/protocol/environment.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type {
  CatalogFunction,
  ProgramSource,
  WorkflowInput,
  WorkflowVersion,
  WorkflowView,
} from "../../src/protocol/workflow.ts";
import type { OutboxRpc } from "./outbox.ts";

export interface Governing {
  trustScore: number;
  environment: string | null;
  /** All targets that calls of this function can meet, whatever their inputs; absent when they are many. */
  targets?: Target[];
  /** Inputs that the function has been known to call sensitive. */
  sensitive: string[];
}

export interface CatalogRpc extends OutboxRpc {
  /**
   * Checks, compiles, stores by digest, and returns once the bus has the triggers. Refuses `invalid_workflow` with
   * diagnostics in details.
   */
  putWorkflow(workflow: { name: string; input: WorkflowInput; by: Identity }): Promise<Result<WorkflowView>>;
  workflows(): Promise<WorkflowView[]>;
  workflow(name: string): Promise<Result<WorkflowView & { program: ProgramSource }>>;
  /**
   * Every version there was, newest first, removals included, at most `limit` below `before`. Refuses `unknown_workflow`.
   */
  versions(page: { name: string; before?: number; limit: number }): Promise<Result<WorkflowVersion[]>>;
  /** Refuses `unknown_workflow`, and `unknown_version`, also for a removal. */
  version(name: string, version: number): Promise<Result<WorkflowVersion & { program: ProgramSource }>>;
  removeWorkflow(name: string, by: Identity): Promise<Result<null>>;
  putFunction(fn: {
    name: string;
    trustScore: number;
    description: string;
    by: Identity;
  }): Promise<CatalogFunction>;
  functions(): Promise<CatalogFunction[]>;
  /** Run → catalog: the function calls these inputs sensitive, as its runner said. Idempotent; adds to what is known. */
  learnSensitive(told: { reference: string; inputs: string[] }): Promise<void>;
  /** Environment → catalog: which calls it governs. Older versions than the known one are ignored; null removes. */
  setTargets(update: { environment: string; version: number; targets: Target[] | null }): Promise<void>;
  /**
   * What is to be known of a call before it is decided: the function's trust score (0 when unknown), the environment
   * that governs it (explicitly named, or matched by target), and which inputs to show to nobody. Refuses
   * `ambiguous_environment` and `unknown_environment`.
   */
  governing(call: {
    reference: string;
    inputs: JsonObject;
    environment?: string;
  }): Promise<Result<Governing>>;
}
