// The whole of Sluice and a bare Worker beside it, in one workerd process with its storage on disk, asked over HTTP.
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker, type WorkerModule } from "../../cli/dev/bundle.ts";
import { makeToken } from "../../src/auth/token.ts";

const root = join(import.meta.dirname, "..", "..");
export const { token } = makeToken();

interface Answer {
  status: number;
  body: string;
  /** When the last byte was here, in ms since the epoch, with fractions. */
  at: number;
}

/** Now, in ms since the epoch, with fractions. */
export const clock = () => performance.timeOrigin + performance.now();

/** A client of one server that keeps its connections. */
export class Client {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: URL) {
    this.#url = url;
  }

  #call(method: string, path: string, body: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type = path === "/v1/events" ? "application/cloudevents+json" : "application/json";
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      const outgoing = request(
        new URL(path, this.#url),
        { method, headers, agent: this.#agent },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              at: clock(),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The parsed answer, which must have one of the given statuses. */
  async expect<T>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ value: T; at: number }> {
    const answer = await this.#call(method, path, body);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return { value: JSON.parse(answer.body) as T, at: answer.at };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Starts both; `bareWorker` is the source of a module with a class `Bare`. */
export async function startServers(stateFolder: string, bareWorker: string): Promise<Miniflare> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, "wrangler.toml"));
  const { modulesRules: _rules, ...worker } = workerOptions;
  const modules = await bundleWorker(root);
  const unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
  const workers: V4WorkerOptions[] = [
    {
      ...worker,
      name: "sluice",
      rootPath: root,
      modules: modules.map((module) => ({ ...module, path: join(root, module.path) })),
      modulesRoot: root,
      unsafeDirectSockets,
      bindings: {
        SLUICE_MODE: "local",
        SLUICE_ADMIN_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
      },
    },
    {
      name: "bare",
      rootPath: root,
      modules: [
        { type: "ESModule", path: join(root, "bare.js"), contents: bareWorker },
      ] satisfies WorkerModule[],
      modulesRoot: root,
      compatibilityDate: String(worker.compatibilityDate),
      durableObjects: { BARE: { className: "Bare", useSQLite: true } },
      unsafeDirectSockets,
    },
  ];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      log: new Log(LogLevel.NONE),
      logRequests: false,
      telemetry: { enabled: false },
      cf: false,
      resourcePersistencePath: stateFolder,
      handleStructuredLogs: ({ level, message }) => {
        if (level === "error") console.error(message);
      },
      workers,
    }),
  );
  await miniflare.ready;
  return miniflare;
}
