// The one place where actor names are built and typed stubs are handed out.
import type { RunId } from "../src/protocol/ids.ts";
import type { CatalogRpc } from "./rpc/catalog.ts";
import type { DirectoryRpc } from "./rpc/directory.ts";
import type { EnvironmentRpc } from "./rpc/environment.ts";
import type { EventBusRpc } from "./rpc/event-bus.ts";
import type { JobRouterRpc } from "./rpc/job-router.ts";
import type { LockRpc } from "./rpc/lock.ts";
import type { WorkflowRunRpc } from "./rpc/workflow-run.ts";

/** Until workspaces are created by API there is one. */
export const DEFAULT_WORKSPACE = "default";
export const DEFAULT_POOL = "default";

// The generated binding types know classes, not interfaces; the classes implement these interfaces (checked by
// the compiler where they are declared), so narrowing here, once, loses nothing.
function stub<T>(namespace: DurableObjectNamespace, name: string): T {
  return namespace.get(namespace.idFromName(name)) as unknown as T;
}

export function runStub(env: Env, workspace: string, run: RunId): WorkflowRunRpc {
  return stub(env.WORKFLOW_RUN, `${workspace}/runs/${run}`);
}

/** What answers a dashboard's request for a socket. */
export interface SocketHost {
  fetch(request: Request): Promise<Response>;
}

export function runSockets(env: Env, workspace: string, run: RunId): SocketHost {
  return stub(env.WORKFLOW_RUN, `${workspace}/runs/${run}`);
}

export function directorySockets(env: Env, workspace: string): SocketHost {
  return stub(env.DIRECTORY, `${workspace}/directory`);
}

export function busStub(env: Env, workspace: string): EventBusRpc {
  return stub(env.EVENT_BUS, `${workspace}/bus/0`);
}

export function routerStub(env: Env, workspace: string, pool = DEFAULT_POOL): JobRouterRpc {
  return stub(env.JOB_ROUTER, `${workspace}/pools/${pool}`);
}

export function environmentStub(env: Env, workspace: string, name: string): EnvironmentRpc {
  return stub(env.ENVIRONMENT, `${workspace}/environments/${name}`);
}

export function lockStub(env: Env, workspace: string, key: string): LockRpc {
  return stub(env.LOCK, `${workspace}/locks/${key}`);
}

export function catalogStub(env: Env, workspace: string): CatalogRpc {
  return stub(env.CATALOG, `${workspace}/catalog`);
}

export function directoryStub(env: Env, workspace: string): DirectoryRpc {
  return stub(env.DIRECTORY, `${workspace}/directory`);
}
