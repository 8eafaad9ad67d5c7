// Finds workerd processes that belong to a state folder. workerd outlives its parent when that is killed with
// SIGKILL, goes on serving the old port and holds the storage; the next start must end it first.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The variable in workerd's environment that ties it to its state folder. */
export const STATE_FOLDER_VARIABLE = "SLUICE_STATE_FOLDER";

export interface ServingProcess {
  pid: number;
  parent: number;
}

function onLinux(marker: string): ServingProcess[] {
  const found: ServingProcess[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (!readFileSync(`/proc/${entry}/environ`, "utf8").split("\0").includes(marker)) continue;
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      found.push({ pid: Number(entry), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0) });
    } catch {
      // The process ended while we looked, or is another user's: not ours either way.
    }
  }
  return found;
}

function elsewhere(marker: string): ServingProcess[] {
  return execFileSync("ps", ["-axEww", "-o", "pid=,ppid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  })
    .split("\n")
    .filter((line) => line.includes(marker))
    .map((line) => {
      const [pid, parent] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent) };
    });
}

/** Every process started for `stateFolder`. */
export function servingProcesses(stateFolder: string): ServingProcess[] {
  const marker = `${STATE_FOLDER_VARIABLE}=${stateFolder}`;
  return process.platform === "linux" ? onLinux(marker) : elsewhere(marker);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends what a killed server left behind.
 *
 * @throws Error when a server that is alive and well already uses the folder.
 */
export async function endOrphans(stateFolder: string): Promise<void> {
  for (const { pid, parent } of servingProcesses(stateFolder)) {
    // An orphan belongs to init, or to a container's or session's subreaper: never to a node process of ours.
    const owner = parentCommand(parent);
    if (parent > 1 && /\bnode\b/.test(owner)) {
      throw new Error(
        `Sluice already runs on ${stateFolder} (process ${parent}). Stop it first, or give this one another folder with --state.`,
      );
    }
    process.kill(pid, "SIGKILL");
    for (let waited = 0; isAlive(pid) && waited < 5000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function parentCommand(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
