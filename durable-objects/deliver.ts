// Typed messages between actors, and their delivery: the receiver's name becomes a stub, the method a call.
import type { RunId } from "../src/protocol/ids.ts";
import type { Message } from "../src/storage/outbox.ts";
import type { CatalogRpc } from "./rpc/catalog.ts";
import type { DirectoryRpc } from "./rpc/directory.ts";
import type { EnvironmentRpc } from "./rpc/environment.ts";
import type { EventBusRpc } from "./rpc/event-bus.ts";
import type { JobRouterRpc } from "./rpc/job-router.ts";
import type { LockRpc } from "./rpc/lock.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import type { WorkflowRunRpc } from "./rpc/workflow-run.ts";
import {
  busStub,
  catalogStub,
  DEFAULT_POOL,
  directoryStub,
  environmentStub,
  lockStub,
  routerStub,
  runStub,
} from "./stubs.ts";

interface Actors {
  run: WorkflowRunRpc;
  bus: EventBusRpc;
  router: JobRouterRpc;
  environment: EnvironmentRpc;
  lock: LockRpc;
  catalog: CatalogRpc;
  directory: DirectoryRpc;
}

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * A message for an outbox, checked against the receiver's RPC surface.
 *
 * @example message("run", run.id, "start", [run])
 */
export function message<Actor extends keyof Actors, Method extends keyof Actors[Actor] & string>(
  actor: Actor,
  name: string,
  method: Method,
  args: Actors[Actor][Method] extends (...args: infer Args) => unknown ? Args : never,
): Message {
  return { receiver: `${actor}/${name}`, method, args };
}

function receiverStub(env: Env, workspace: string, receiver: string): Actors[keyof Actors] {
  const slash = receiver.indexOf("/");
  const name = receiver.slice(slash + 1);
  const actor = receiver.slice(0, slash) as keyof Actors;
  switch (actor) {
    case "run":
      return runStub(env, workspace, name as RunId);
    case "bus":
      return busStub(env, workspace);
    case "router":
      return routerStub(env, workspace, name || DEFAULT_POOL);
    case "environment":
      return environmentStub(env, workspace, name);
    case "lock":
      return lockStub(env, workspace, name);
    case "catalog":
      return catalogStub(env, workspace);
    case "directory":
      return directoryStub(env, workspace);
    default:
      throw new Error(`no actor is called ${actor satisfies never}`);
  }
}

/** The actor of that name, as its outbox is asked of: `bus`, `run/<id>`, `environment/<name>`. */
export function outboxStub(env: Env, workspace: string, actor: string): OutboxRpc {
  return receiverStub(env, workspace, actor.includes("/") ? actor : `${actor}/`);
}

/** Performs one message's call. Throws what the call throws: the outbox tries again. */
export async function deliverMessage(env: Env, workspace: string, message: Message): Promise<unknown> {
  const stub = receiverStub(env, workspace, message.receiver) as unknown as Record<string, Call | undefined>;
  // An RPC stub answers every property with a callable, and must be called as a method.
  return await stub[message.method]?.(...message.args);
}
