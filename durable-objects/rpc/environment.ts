// What an environment is told and asked.
import type { HealthReport } from "../../src/events/health-report.ts";
import type { Deployment, EnvironmentInput, EnvironmentView } from "../../src/protocol/environment.ts";
import type { HealthChange } from "../../src/protocol/health.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { OutboxRpc } from "./outbox.ts";
import type { Position } from "./position.ts";

export interface EnvironmentRpc extends OutboxRpc {
  put(input: {
    workspace: string;
    name: string;
    value: EnvironmentInput;
    by: Identity;
  }): Promise<Result<EnvironmentView>>;
  view(): Promise<Result<EnvironmentView>>;
  /** What was deployed there, newest first; `next` is the `before` of the following page. */
  deployments(page: {
    before?: Position;
    limit: number;
  }): Promise<Result<{ deployments: Deployment[]; next?: Position }>>;
  /**
   * Run → environment after a Function ended well there. Idempotent by (run, command). `sluicehops` is what the
   * event of it carries, as those that the run emits itself.
   */
  recordDeployment(deployment: Deployment & { command: CommandId; sluicehops?: number }): Promise<void>;
  /** Bus → environment. Idempotent; one that is older than what is known of its app changes nothing. */
  recordHealth(report: HealthReport & { seq: number }): Promise<void>;
  /** Every change of an app's status, newest first; `next` is the `before` of the following page. */
  healthChanges(page: {
    before?: Position;
    limit: number;
  }): Promise<Result<{ changes: HealthChange[]; next?: Position }>>;
  remove(by: Identity): Promise<Result<null>>;
}
