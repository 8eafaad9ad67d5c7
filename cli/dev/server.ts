// The local server: the Worker on workerd, with its storage on disk.
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "./bundle.ts";
import { endOrphans, STATE_FOLDER_VARIABLE } from "./orphans.ts";

export interface ServerOptions {
  /** The project: where wrangler.toml and src/ are. */
  root: string;
  /** Where storage lives; survives restarts. */
  stateFolder: string;
  port: number;
  adminTokenDigest: string;
  githubWebhookSecret: string;
  /** Sleeps and waits pass this many times faster; 1 is real time. */
  timeScale: number;
  /** What `builtin://http` may call although private, as of `SLUICE_HTTP_ALLOW`: `host` or `host:port`, with commas. */
  httpAllow: string;
  onLog: (line: { level: string; message: string }) => void;
}

export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** Starts the Worker and answers when it takes requests. Rejects when the port is taken or the bundle fails. */
export async function startServer(options: ServerOptions): Promise<Server> {
  await endOrphans(options.stateFolder);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(options.root, "wrangler.toml"));
  const modules = await bundleWorker(options.root);
  const { modulesRules: _rules, ...worker } = workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: options.port,
      log: new Log(LogLevel.NONE),
      logRequests: false,
      telemetry: { enabled: false },
      cf: false,
      unsafeRuntimeEnv: { [STATE_FOLDER_VARIABLE]: options.stateFolder },
      resourcePersistencePath: join(options.stateFolder, "storage"),
      handleStructuredLogs: ({ level, message }) => options.onLog({ level, message }),
      workers: [
        {
          ...worker,
          name: "sluice",
          rootPath: options.root,
          modules: modules.map((module) => ({ ...module, path: join(options.root, module.path) })),
          modulesRoot: options.root,
          bindings: {
            ...(worker.bindings as Record<string, string>),
            SLUICE_MODE: "local",
            SLUICE_ADMIN_TOKEN_SHA256: options.adminTokenDigest,
            GITHUB_WEBHOOK_SECRET: options.githubWebhookSecret,
            SLUICE_HTTP_ALLOW: options.httpAllow,
            ...(options.timeScale === 1 ? {} : { SLUICE_TIME_SCALE: String(options.timeScale) }),
          },
        },
      ],
    }),
  );
  const url = await miniflare.ready;
  return { url: url.href.replace(/\/$/, ""), stop: () => miniflare.dispose() };
}
