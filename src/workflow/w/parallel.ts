// Work side by side: fibers that a script starts, and what it waits for of them.
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  type KeywordArgument,
  makeStruct,
  StarlarkError,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { AllJoin } from "../fibers/all-join.ts";
import { type Contender, FirstJoin } from "../fibers/first-join.ts";
import { Task } from "../fibers/task.ts";
import type { Thread } from "../fibers/thread.ts";
import { FIBER_COST } from "../limits.ts";
import { branchOf, invalidBranch, listArgument } from "./branches.ts";
import type { FunctionCall } from "./issue.ts";
import { listItems } from "./list-items.ts";

/** The fiber that calls. */
export function callingThread(ctx: CallContext): Thread {
  // Set by fibers/thread.ts, the only place that starts fibers.
  return ctx.hostData as Thread;
}

/** Whether the first failure cancels the others. Throws `InvalidOnError`. */
function cancelsOnError(fn: string, onError: string | undefined): boolean {
  if (onError === undefined || onError === "wait") return false;
  if (onError === "cancel") return true;
  throw new StarlarkError(`${fn}: for parameter on_error: got "${onError}", want "wait" or "cancel"`, {
    code: "InvalidOnError",
  });
}

/** Starts the branches one after another, each when it is taken from here. */
function* started(thread: Thread, branches: readonly FunctionCall[]): Generator<Thread> {
  const startedAt = thread.callStack.at(-1);
  for (const branch of branches) yield thread.startChild(branch, startedAt);
}

function chargeFibers(ctx: CallContext, count: number): void {
  ctx.charge(count * FIBER_COST.steps, count * FIBER_COST.bytes);
}

/**
 * `w.parallel([fn, (fn, arg), …], limit=, on_error="wait")`: calls all of them side by side, at most `limit` at a
 * time, and returns their results in order. When one fails the others go on (`"wait"`) or are cancelled
 * (`"cancel"`); when all have ended, the error of the first to fail is raised.
 */
export const parallel: Builtin = defineBuiltin(
  "parallel",
  "branches, *, limit??: index, on_error??: string",
  (ctx: CallContext, branches: Value, limit?: number, onError?: string) => {
    const items = listArgument("parallel", branches);
    const cancelOnError = cancelsOnError("parallel", onError);
    if (limit !== undefined && limit < 1) {
      throw new StarlarkError(`parallel: for parameter limit: got ${limit}, want at least 1`, {
        code: "InvalidLimit",
      });
    }
    const thread = callingThread(ctx);
    const atOnce = Math.min(items.length, limit ?? items.length);
    chargeFibers(ctx, atOnce);
    thread.claimFibers(atOnce);
    const members = started(
      thread,
      items.map((item, i) => branchOf("parallel", item, i)),
    );
    const join = new AllJoin({
      members,
      limit: Math.max(1, atOnce),
      cancelOnError,
      print: (text) => ctx.print(text),
    });
    return ctx.suspend({ join });
  },
);

/** `w.spawn(fn, *args, **kwargs)`: calls `fn(*args, **kwargs)` in a fiber of its own and returns its task at once. */
export const spawn: Builtin = defineBuiltin(
  "spawn",
  "fn: callable, /, *args, **kwargs",
  (ctx: CallContext, fn: Value, args: readonly Value[], kwargs: readonly KeywordArgument[]) => {
    const thread = callingThread(ctx);
    chargeFibers(ctx, 1);
    thread.claimFibers(1);
    return new Task(thread.startChild({ fn, args, kwargs }, thread.callStack.at(-1)));
  },
);

/** The task. Throws `InvalidTask` for anything else, saying where it stands. */
export function taskArgument(where: string, value: Value): Task {
  if (value instanceof Task) return value;
  throw new StarlarkError(`${where}: got ${typeName(value)}, want a task, which w.spawn returns`, {
    code: "InvalidTask",
  });
}

/** A task, or those of a list. Throws `InvalidTask` for anything else. */
function tasksArgument(value: Value): Task[] {
  if (value instanceof Task) return [value];
  const items = listItems(value);
  if (items) return items.map((item, index) => taskArgument(`wait: for parameter tasks, at ${index}`, item));
  const got = typeName(value);
  throw new StarlarkError(
    `wait: for parameter tasks: got ${got}, want a task, which w.spawn returns, or a list`,
    {
      code: "InvalidTask",
    },
  );
}

/**
 * `w.wait(tasks, on_error="wait")`: waits until the tasks have ended and returns their values in order; of a single
 * task, its value. Errors are as with `w.parallel`.
 */
export const wait: Builtin = defineBuiltin(
  "wait",
  "tasks, *, on_error??: string",
  (ctx: CallContext, tasks: Value, onError?: string) => {
    const cancelOnError = cancelsOnError("wait", onError);
    const members = tasksArgument(tasks).map(({ thread }) => thread);
    ctx.charge(members.length, members.length * 32);
    const join = new AllJoin({
      members: members.values(),
      limit: Number.POSITIVE_INFINITY,
      cancelOnError,
      ...(tasks instanceof Task ? { result: ([value = null]) => value } : {}),
      print: (text) => ctx.print(text),
    });
    return ctx.suspend({ join });
  },
);

/**
 * `w.race([task or fn or (fn, arg), …])`: waits for the first that ends, cancels the others, waits for their
 * cleanup, and returns `struct(index, value)`; the first's error is raised.
 */
export const race: Builtin = defineBuiltin("race", "branches", (ctx: CallContext, branches: Value) => {
  const items = listArgument("race", branches);
  if (items.length === 0) throw invalidBranch("race: there is nothing to wait for");
  const entrants = items.map((item, i) => (item instanceof Task ? item : branchOf("race", item, i)));
  const toStart = entrants.filter((entrant): entrant is FunctionCall => !(entrant instanceof Task));
  const thread = callingThread(ctx);
  chargeFibers(ctx, items.length);
  if (toStart.length > 0) thread.claimFibers(toStart.length);
  const threads = started(thread, toStart);
  const contenders = entrants.flatMap((entrant, index): Contender[] => {
    const contender = entrant instanceof Task ? entrant.thread : threads.next().value;
    const result = (value: Value) => makeStruct({ index, value }, "race");
    return contender ? [{ thread: contender, isCancelled: true, result }] : [];
  });
  return ctx.suspend({ join: new FirstJoin(contenders) });
});
