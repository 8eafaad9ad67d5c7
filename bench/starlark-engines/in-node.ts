/** Runs programs in this process, which the first runs of each warm up. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Engine, leastTime } from "./engine.ts";
import { type BenchmarkProgram, resumeToTheEnd, runProgram, suspendedFiber } from "./run-program.ts";

const PATIENCE_MS = 500;

export function engineInNode(siblings: ReadonlyMap<string, string>): Engine {
  return {
    name: "node",
    time: (program: BenchmarkProgram) => leastTime(() => runProgram(program, siblings), PATIENCE_MS),
  };
}

/** Microseconds that it takes to resume a fiber and have it suspended again. */
export async function suspensionMicroseconds(): Promise<number> {
  const count = 100_000;
  const milliseconds = await leastTime(() => resumeToTheEnd(suspendedFiber(count)), PATIENCE_MS);
  return (milliseconds * 1000) / count;
}

/** Bytes of heap that a suspended fiber of three frames holds: what many take, by their number. */
export function suspendedFiberBytes(): number {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const count = 20_000;
  suspendedFiber(3);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const fibers = Array.from({ length: count }, () => suspendedFiber(3));
  collectGarbage();
  return (process.memoryUsage().heapUsed - before) / fibers.length;
}
