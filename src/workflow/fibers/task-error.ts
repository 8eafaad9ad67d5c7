// What a fiber's failure looks like to the one that waits for it.
import { type Frame, StarlarkError } from "../../starlark/index.ts";
import type { Thread } from "./thread.ts";

function isSamePlace(a: Frame | undefined, b: Frame): boolean {
  return a?.file === b.file && a.line === b.line && a.column === b.column;
}

/** From the waiting call through where the fiber was started to where it failed. */
function tracebackThrough(waiter: Thread, member: Thread, failed: readonly Frame[]): Frame[] {
  const waiting = waiter.callStack;
  const { startedAt, id } = member;
  // `w.parallel` waits where it starts: one frame says both.
  if (startedAt === undefined || isSamePlace(waiting.at(-1), startedAt)) return [...waiting, ...failed];
  return [
    ...waiting,
    { ...startedAt, function: `${startedAt.function}, which started fiber ${id}` },
    ...failed,
  ];
}

/** The error to raise in `waiter`, which waits for a fiber that has not returned. It keeps the code of its cause. */
export function taskError(waiter: Thread, member: Thread): StarlarkError {
  const { ending, id } = member;
  if (ending?.kind !== "failed") {
    return new StarlarkError(`fiber ${id} was cancelled`, { code: "TaskCancelled", details: { fiber: id } });
  }
  const { message, code, details, uncatchable, origin, traceback } = ending.error;
  const error = new StarlarkError(message, { code, details, uncatchable, origin, cause: ending.error });
  error.traceback = tracebackThrough(waiter, member, traceback);
  return error;
}
