/** Runs programs with starlark-go's command: a process per run, whose time to start is taken off. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, leastTime } from "./engine.ts";

const PATIENCE_MS = 400;

export interface StarlarkGo extends Engine {
  stop(): void;
}

/** Undefined where there is no `starlark` on the PATH. */
export async function starlarkGo(siblings: ReadonlyMap<string, string>): Promise<StarlarkGo | undefined> {
  if (spawnSync("starlark", ["-c", "1"]).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "bench-starlark-"));
  for (const [name, source] of siblings) writeFileSync(join(folder, name), source);
  const timeOf = (file: string) =>
    leastTime(
      () =>
        execFileSync("starlark", ["-recursion", "-globalreassign", file], { cwd: folder, stdio: "ignore" }),
      PATIENCE_MS,
    );
  writeFileSync(join(folder, "start-up.bench"), "");
  const startUp = await timeOf("start-up.bench");
  return {
    name: "starlark-go",
    async time({ name, source }) {
      const file = `${name}.star`;
      writeFileSync(join(folder, file), source);
      return Math.max(0, (await timeOf(file)) - startUp);
    },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  };
}
