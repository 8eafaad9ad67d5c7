// What a lock is told and asked.
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { LockView } from "../../src/protocol/lock.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { OutboxRpc } from "./outbox.ts";

export interface LockRpc extends OutboxRpc {
  /** Run → lock. Idempotent by (run, command), also when it was released before. Answered with `lockGranted`. */
  acquire(claim: {
    key: string;
    run: RunId;
    command: CommandId;
    workflow: string;
    limit: number;
  }): Promise<void>;
  release(claim: { key: string; run: RunId; command: CommandId }): Promise<void>;
  /** By hand; the run goes on as if it held the lock, and is told. Refuses `lock_not_held`. */
  revoke(claim: { run: RunId; command: CommandId; by: Identity; reason: string }): Promise<Result<LockView>>;
  /** Refuses `unknown_lock` where nobody has ever asked for it. */
  view(): Promise<Result<LockView>>;
}
