// A PostgreSQL server of the benchmark's own, as it comes.
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort } from "./peer.ts";

const DEBIAN = "/usr/lib/postgresql";
const needed = ["initdb", "postgres", "pg_isready"];

function binaries(): string | undefined {
  const folders = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin"))
    : [];
  const path = [...(process.env.PATH ?? "").split(":"), ...folders];
  return path.find((folder) => needed.every((name) => existsSync(join(folder, name))));
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Undefined when PostgreSQL is not installed. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const folder = binaries();
  if (folder === undefined) return undefined;
  const data = mkdtempSync(join(tmpdir(), "postgres-bench-"));
  const user = owner();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(data, user.uid, user.gid);
  execFileSync(join(folder, "initdb"), ["-D", data, "-U", "bench", "--auth=trust"], {
    ...user,
    stdio: "ignore",
  });
  const port = await freePort();
  const options = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-k", data];
  const server = spawn(join(folder, "postgres"), options, { ...user, cwd: data, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => server.on("exit", () => resolve()));
  await eventually("PostgreSQL", async () => {
    execFileSync(join(folder, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  });
  return {
    url: `postgresql://bench@127.0.0.1:${port}/bench`,
    async stop() {
      server.kill("SIGINT");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
