// The processes of workerd that a benchmark has started, as Linux shows them.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Ids of the processes of workerd that are children of this one. */
export function workerdProcesses(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(Number.isInteger)
    .filter((candidate) => {
      try {
        const status = readFileSync(`/proc/${candidate}/status`, "utf8");
        return status.startsWith("Name:\tworkerd") && status.includes(`\nPPid:\t${process.pid}\n`);
      } catch {
        // It has ended since the folder was read.
        return false;
      }
    });
}

/** A field of the process's status, such as `VmRSS`, in bytes. */
export function memory(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

/** How many files the process holds open whose path ends like this. */
export function openFiles(pid: number, ending: string): number {
  return readdirSync(`/proc/${pid}/fd`).filter((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`).endsWith(ending);
    } catch {
      // It was closed since the folder was read.
      return false;
    }
  }).length;
}
