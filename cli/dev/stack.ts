// Everything a laptop needs: the server, what it should know, a runner, and a view of what got deployed.
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startRunner } from "../../runner/start-runner.ts";
import { startTargetServer } from "../../runner/target-server.ts";
import { buildDashboard } from "../../scripts/build-dashboard.ts";
import type { EnvironmentView } from "../../src/protocol/environment.ts";
import type { TokenView } from "../../src/protocol/token.ts";
import type { CatalogFunction } from "../../src/protocol/workflow.ts";
import { type Client, createClient } from "../client.ts";
import { defaultEnvironments, defaultFunctions, defaultReplacements } from "./defaults.ts";
import { followWorkflows, type Registration, registerWorkflows } from "./local-workflows.ts";
import { startServer } from "./server.ts";
import { type LocalState, openState, writeStateFile } from "./state.ts";

export interface StackOptions {
  root: string;
  stateFolder: string;
  port: number;
  /** Where the deployed apps can be opened; 0 picks a free port. */
  targetPort: number;
  timeScale: number;
  /** What `builtin://http` may call although private: see ServerOptions. */
  httpAllow: string;
  /** Starts a runner beside the server. */
  runner: boolean;
  /** Folder of workflows to register at every start, and whenever one is saved. */
  workflows: string;
  /** Told what came of each workflow that was saved, and of those that were refused at the start. */
  onWorkflow: (registration: Registration) => void;
}

export interface Stack {
  url: string;
  /** Where what got deployed can be opened. */
  targetUrl: string;
  client: Client;
  state: LocalState;
  stop(): Promise<void>;
}

const LOCAL_RUNNER = "local-runner";

/** Creates what is missing; what the user has changed since stays as it is. */
async function applyDefaults(client: Client): Promise<void> {
  const { environments } = await client.get<{ environments: EnvironmentView[] }>("/v1/environments");
  for (const [name, body] of Object.entries(defaultEnvironments)) {
    if (!environments.some((environment) => environment.name === name)) {
      await client.put(`/v1/environments/${name}`, { body });
    }
  }
  const { functions } = await client.get<{ functions: CatalogFunction[] }>("/v1/functions");
  for (const [name, body] of Object.entries(defaultFunctions)) {
    if (!functions.some((fn) => fn.name === name))
      await client.put(`/v1/functions/${encodeURIComponent(name)}`, { body });
  }
}

/** A fresh token for the runner at every start; the one of the last start is revoked. */
async function rotateRunnerToken(client: Client): Promise<string> {
  const { tokens } = await client.get<{ tokens: TokenView[] }>("/v1/tokens");
  for (const { id } of tokens.filter(({ subject }) => subject === LOCAL_RUNNER))
    await client.delete(`/v1/tokens/${id}`);
  const { token } = await client.post<{ token: string }>("/v1/tokens", {
    body: { subject: LOCAL_RUNNER, role: "runner" },
  });
  return token;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const state = openState(options.stateFolder);
  const targetFolder = join(options.stateFolder, "target");
  await mkdir(targetFolder, { recursive: true });
  await buildDashboard();
  const serverLog = createWriteStream(join(options.stateFolder, "server.log"), { flags: "a" });
  const server = await startServer({
    root: options.root,
    stateFolder: options.stateFolder,
    port: options.port,
    adminTokenDigest: state.adminTokenDigest,
    githubWebhookSecret: state.webhookSecret,
    timeScale: options.timeScale,
    httpAllow: options.httpAllow,
    onLog: ({ level, message }) => serverLog.write(`${new Date().toISOString()} ${level} ${message}\n`),
  });
  const stopping: (() => Promise<void>)[] = [() => server.stop()];
  const stopAll = async () => {
    for (const end of stopping.reverse()) await end();
    serverLog.end();
  };
  let stopped: Promise<void> | undefined;
  // Whoever asks while it is being stopped waits for that.
  const stop = () => {
    stopped ??= stopAll();
    return stopped;
  };
  try {
    writeStateFile(options.stateFolder, "url", server.url);
    const client = createClient({ url: server.url, token: state.adminToken });
    await applyDefaults(client);
    const registered = await registerWorkflows(client, options.workflows);
    for (const one of registered) if ("error" in one) options.onWorkflow(one);
    const unfollow = followWorkflows(client, options.workflows, {
      known: registered,
      tell: options.onWorkflow,
    });
    stopping.push(async () => unfollow());
    const target = await startTargetServer({ folder: targetFolder, port: options.targetPort });
    stopping.push(() => target.close());
    if (options.runner) {
      const runnerLog = createWriteStream(join(options.stateFolder, "runner.log"), { flags: "a" });
      const end = new AbortController();
      const running = startRunner({
        url: server.url,
        token: await rotateRunnerToken(client),
        name: LOCAL_RUNNER,
        capacity: 4,
        root: options.root,
        stateDir: join(options.stateFolder, "runner"),
        replacements: defaultReplacements,
        variables: { SLUICE_TARGET: targetFolder, SLUICE_TARGET_URL: target.url },
        graceMs: 5000,
        signal: end.signal,
        log: (line) => runnerLog.write(`${new Date().toISOString()} ${line}\n`),
      }).catch((error: unknown) => {
        runnerLog.write(`${new Date().toISOString()} the runner ended: ${error}\n`);
        process.stderr.write(`The local runner ended: ${error}\n`);
      });
      stopping.push(async () => {
        end.abort();
        await running;
        runnerLog.end();
      });
    }
    return { url: server.url, targetUrl: target.url, client, state, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
