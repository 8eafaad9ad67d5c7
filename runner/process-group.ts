// Runs one command in a process group of its own, so that all of it can be ended: by the runner, or, when the
// runner itself is killed, by a watcher inside the group.
//
// 1. The watcher waits for the end of a pipe that only the runner holds open. Whatever way the runner ends, the
//    pipe ends with it, and the watcher ends the group. So a killed runner leaves nothing behind that goes on
//    changing the world, short of a program that leaves its group on purpose (setsid).
// 2. The group exists as long as the watcher does, so its number is never another group's while we may signal it.
// 3. When the command ends, what it left running in its group is ended too.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Between asking a group to end and ending it. */
export const KILL_GRACE_MS = 5000;

// The command replaces the shell and so leads the group, under the number that $$ is. Descriptor 3 is the pipe;
// the command must not hold it. A leader in state Z has ended, and its parent, who would collect it, too.
const WATCHED = `
exec 3<&0 </dev/null
(
  trap '' HUP INT TERM
  read -r _ <&3
  kill -TERM 0
  tries=0
  while kill -0 $$ && [ $tries -lt ${KILL_GRACE_MS / 100} ]; do
    case "$(cat /proc/$$/stat)" in *") Z "*) break ;; esac
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -KILL 0
) >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface Ended {
  /** The exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // The group is gone: what was asked for.
  }
}

/** Members of the group that are more than a dead entry which nobody has collected yet; undefined off Linux. */
function livingMembers(leader: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  let members = 0;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      // Behind the command's name, which may contain anything: state, parent, group.
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(group) === leader && state !== "Z" && state !== "X") members += 1;
    } catch {
      // It ended while we looked.
    }
  }
  return members;
}

/** Whether any process of the group is left that could still do something. */
export function groupIsAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return livingMembers(leader) !== 0;
}

/**
 * Runs a command to its end. Aborting `signal` sends TERM to the group and, if it is still there after the grace,
 * KILL. Standard input is empty. `onStart` learns the group's number.
 *
 * @throws Error when the working directory does not exist or no process can be made
 */
export async function runInProcessGroup(options: {
  command: readonly string[];
  env: Record<string, string>;
  cwd: string;
  onOutput: (chunk: Buffer, stream: "stdout" | "stderr") => void;
  signal: AbortSignal;
  onStart?: (leader: number) => void;
  killGraceMs?: number | undefined;
}): Promise<Ended> {
  const { command, env, cwd, onOutput, signal } = options;
  signal.throwIfAborted();
  const child = spawn("/bin/sh", ["-c", WATCHED, "sh", ...command], {
    cwd,
    env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    if (child.pid === undefined) return;
    signalGroup(child.pid, "SIGTERM");
    killer = setTimeout(() => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    }, options.killGraceMs ?? KILL_GRACE_MS);
  };
  try {
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, by) => resolve({ code, signal: by }));
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // Writing to the pipe of a group that has ended is not an error.
    child.stdin.on("error", () => {});
    child.stdout.on("data", (chunk: Buffer) => onOutput(chunk, "stdout"));
    child.stderr.on("data", (chunk: Buffer) => onOutput(chunk, "stderr"));
    signal.addEventListener("abort", stop, { once: true });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const result = await ended;
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    // What was written before the end is read to its end, unless something outside the group holds the pipes.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    return result;
  } finally {
    clearTimeout(killer);
    signal.removeEventListener("abort", stop);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
