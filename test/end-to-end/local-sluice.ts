// A real `sluice dev` in a process group of its own, to be called over HTTP, stopped, and killed.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Client, createClient } from "../../cli/client.ts";

const root = resolve(import.meta.dirname, "..", "..");
const START_PATIENCE_MS = 240_000;

export async function freePort(): Promise<number> {
  return new Promise((found, fail) => {
    const server = createServer();
    server.on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? found(address.port) : fail(new Error("no port")),
      );
    });
  });
}

export class LocalSluice {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  readonly #options: { timeScale: number; arguments: string[]; environment: Record<string, string> };
  #port = 0;
  #targetPort = 0;
  #process: ChildProcess | undefined;
  #output = "";
  #printed = "";

  constructor(options: {
    timeScale: number;
    arguments?: string[];
    environment?: Record<string, string>;
  }) {
    this.#options = { arguments: [], environment: {}, ...options };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get targetUrl(): string {
    return `http://127.0.0.1:${this.#targetPort}`;
  }

  get stateFolder(): string {
    return join(this.folder, ".sluice");
  }

  get adminToken(): string {
    return readFileSync(join(this.stateFolder, "token"), "utf8").trim();
  }

  get webhookSecret(): string {
    return readFileSync(join(this.stateFolder, "webhook-secret"), "utf8").trim();
  }

  get admin(): Client {
    return createClient({ url: this.url, token: this.adminToken });
  }

  /** What it has written to its standard output since it was started. */
  get printed(): string {
    return this.#printed;
  }

  /** Starts (again), and answers when everything is up. Ports stay the same over restarts. */
  async start(): Promise<void> {
    this.#port ||= await freePort();
    this.#targetPort ||= await freePort();
    this.#output = "";
    this.#printed = "";
    const child = spawn(
      process.execPath,
      [
        join(root, "cli", "main.ts"),
        "dev",
        "--json",
        `--state=${this.stateFolder}`,
        `--port=${this.#port}`,
        `--target-port=${this.#targetPort}`,
        `--time-scale=${this.#options.timeScale}`,
        ...this.#options.arguments,
      ],
      {
        cwd: root,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...this.#options.environment },
      },
    );
    this.#process = child;
    await new Promise<void>((up, fail) => {
      const late = setTimeout(() => fail(new Error(`not up in time:\n${this.#output}`)), START_PATIENCE_MS);
      const hear = (chunk: Buffer) => {
        this.#output += chunk.toString();
      };
      child.stdout?.on("data", (chunk: Buffer) => {
        hear(chunk);
        this.#printed += chunk.toString();
        // Where everything is, on one line, is told when the server, the runner and the target are up.
        if (!this.#printed.includes("\n")) return;
        clearTimeout(late);
        up();
      });
      child.stderr?.on("data", hear);
      child.on("exit", (code) => {
        clearTimeout(late);
        fail(new Error(`sluice dev ended with ${code}:\n${this.#output}`));
      });
    });
  }

  /** SIGKILL to the whole group: server, workerd and runner at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Throws where it does not end in order. */
  async stop(): Promise<void> {
    const exitCode = await this.#end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
    if (exitCode !== 0)
      throw new Error(`sluice dev was stopped and ended with ${exitCode}:\n${this.#output}`);
  }

  /** Answers with the exit code: null where a signal ended it, 0 where it was never started or killed before. */
  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const child = this.#process;
    this.#process = undefined;
    if (!child?.pid) return 0;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    process.kill(signal === "SIGKILL" ? -child.pid : child.pid, signal);
    return ended;
  }
}

/** Calls `look` until it answers something; the deadline names what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  patienceMs = 60_000,
): Promise<T> {
  const until = Date.now() + patienceMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${patienceMs} ms${last ? ` (${last})` : ""}`);
}
