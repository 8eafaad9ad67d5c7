// The benchmark's workerd: Sluice's actors, a bare object and Cloudflare's own workflows in one process, with their
// storage on disk.
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "../../cli/dev/bundle.ts";
import { workerdProcesses } from "../workerd-process.ts";
import { Client } from "./client.ts";

const root = join(import.meta.dirname, "..", "..");

export interface BenchServer {
  client: Client;
  /** Its process; undefined where the system does not tell. */
  pid: number | undefined;
  stop(): Promise<void>;
}

/** Elsewhere than on Linux there is nobody to ask. */
function processes(): number[] {
  return process.platform === "linux" ? workerdProcesses() : [];
}

/** Starts it on the state of `stateFolder`; `connections` is how many calls may be under way at a time. */
export async function startServer(stateFolder: string, connections: number): Promise<BenchServer> {
  const others = processes();
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, "wrangler.toml"));
  const { modulesRules: _rules, ...worker } = workerOptions;
  const modules = await bundleWorker(root, "bench/engine/worker.ts");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      log: new Log(LogLevel.NONE),
      logRequests: false,
      telemetry: { enabled: false },
      cf: false,
      resourcePersistencePath: stateFolder,
      handleStructuredLogs: ({ level, message }) => {
        if (level === "error" && !message.includes("benchmark")) console.error(message);
      },
      workers: [
        {
          ...worker,
          name: "sluice",
          rootPath: root,
          modules: modules.map((module) => ({ ...module, path: join(root, module.path) })),
          modulesRoot: root,
          durableObjects: {
            ...(worker.durableObjects as Record<string, string>),
            BARE: { className: "Bare", useSQLite: true },
          },
          workflows: { BENCH_WORKFLOW: { name: "bench", className: "BenchWorkflow" } },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          bindings: { SLUICE_MODE: "local" },
        },
      ],
    }),
  );
  await miniflare.ready;
  const client = new Client(await miniflare.unsafeGetDirectURL("sluice"), connections);
  return {
    client,
    pid: processes().find((pid) => !others.includes(pid)),
    async stop() {
      client.close();
      await miniflare.dispose();
    },
  };
}
