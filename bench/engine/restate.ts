// Restate: its server, and a service in this process with one handler.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "./client.ts";
import { eventually, freePort, importFrom, type Peer, resolveFrom } from "./peer.ts";

interface Context {
  run<T>(name: string, action: () => T): Promise<T>;
}

interface Sdk {
  service(definition: unknown): unknown;
  createEndpointHandler(options: {
    services: unknown[];
  }): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}

/** Undefined when the platform's package is not there. */
function serverBinary(folder: string | undefined): string | undefined {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}/package.json`;
  const manifest = resolveFrom(folder, name);
  return manifest === undefined ? undefined : join(dirname(manifest), "bin", "restate-server");
}

/** Says why it cannot, where it cannot. */
export async function startRestate(folder: string | undefined): Promise<Peer | string> {
  // A line for every call would be measured with it, and drown the figures.
  process.env.RESTATE_LOGGING ??= "ERROR";
  const sdk = await importFrom<Sdk>(folder, "@restatedev/restate-sdk");
  const binary = serverBinary(folder);
  if (!sdk || binary === undefined) return "Restate is not installed (see --peers): left out";

  const [ingress, admin, node, service] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const state = mkdtempSync(join(tmpdir(), "restate-bench-"));
  const handler = async (ctx: Context, steps: number) => {
    for (let n = 0; n < steps; n++) await ctx.run(`step ${n}`, () => n);
    return steps;
  };
  const services = [sdk.service({ name: "bench", handlers: { run: handler } })];
  const endpoint = createServer(sdk.createEndpointHandler({ services })).listen(service, "127.0.0.1");
  const server = spawn(binary, ["--base-dir", state, "--node-name", "bench"], {
    stdio: "ignore",
    env: {
      ...process.env,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_DISABLE_TELEMETRY: "true",
    },
  });
  const ended = new Promise<void>((resolve) => server.on("exit", () => resolve()));
  await eventually("restate-server", async () => {
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${service}` }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  });
  const client = new Client(new URL(`http://127.0.0.1:${ingress}`), 1);
  return {
    name: "Restate, ctx.run",
    run: async (steps) => {
      await eventually("the service", () => client.post(steps, "/bench/run"));
    },
    async stop() {
      client.close();
      server.kill();
      await ended;
      endpoint.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
}
