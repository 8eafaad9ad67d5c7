// `w.select`: whichever comes first of events, times and tasks. Each event and each time is waited for by a fiber of
// its own, which is cancelled when something else is first.
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  makeStruct,
  repr,
  StarlarkDict,
  StarlarkError,
  spellingHint,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { type Contender, FirstJoin } from "../fibers/first-join.ts";
import type { Thread } from "../fibers/thread.ts";
import { FIBER_COST } from "../limits.ts";
import { durationAt } from "./duration.ts";
import { type CommandRequest, issue } from "./issue.ts";
import { listItems } from "./list-items.ts";
import { callingThread, taskArgument } from "./parallel.ts";
import { sleepUntilCommand } from "./sleep-until.ts";
import { eventCommand } from "./wait-for-event.ts";
import { signalCommand } from "./wait-for-signal.ts";

const MAX_KEY_SHOWN = 80;

function invalidSelect(message: string): StarlarkError {
  return new StarlarkError(`select: ${message}`, { code: "InvalidSelect" });
}

interface Choice {
  key: Value;
  value: Value;
  /** Where it stands in the call, for what is wrong with it. */
  where: string;
}

/** What there is to choose from, by key: of a dict its keys, of a list its indexes. */
function choices(parameter: string, given: Value | undefined): Choice[] {
  const choice = (key: Value, value: Value): Choice => ({
    key,
    value,
    where: `for parameter ${parameter}, at ${repr(key).slice(0, MAX_KEY_SHOWN)}`,
  });
  if (given === undefined) return [];
  if (given instanceof StarlarkDict)
    return [...given.entries.values()].map(({ key, value }) => choice(key, value));
  const items = listItems(given);
  if (items) return items.map((item, index) => choice(index, item));
  throw invalidSelect(`for parameter ${parameter}: got ${typeName(given)}, want a dict or a list`);
}

type Wait = Omit<CommandRequest, "position">;

const eventOptions = ["type", "filter", "match", "since"];

/** An event's type, or a dict of `type`, `filter`, `match`, `since`. */
function eventWait({ value: choice, where }: Choice): Wait {
  const fn = `select: ${where}`;
  if (typeof choice === "string") {
    return eventCommand(fn, { type: choice, filter: undefined, match: undefined, since: undefined });
  }
  if (!(choice instanceof StarlarkDict)) {
    throw invalidSelect(`${where}: got ${typeName(choice)}, want an event's type or a dict`);
  }
  for (const { key } of choice.entries.values()) {
    if (typeof key === "string" && eventOptions.includes(key)) continue;
    const hint = typeof key === "string" ? spellingHint(key, eventOptions) : "";
    const shown = repr(key).slice(0, MAX_KEY_SHOWN);
    throw invalidSelect(`${where}: there is no option ${shown}${hint}, only ${eventOptions.join(", ")}`);
  }
  const text = (name: string): string | undefined => {
    const value = choice.get(name) ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    throw invalidSelect(`${where}: ${name}: got ${typeName(value)}, want string`);
  };
  const match = choice.get("match") ?? undefined;
  if (match !== undefined && !(match instanceof StarlarkDict)) {
    throw invalidSelect(`${where}: match: got ${typeName(match)}, want dict`);
  }
  const type = text("type");
  if (type === undefined) throw invalidSelect(`${where}: there is no type of event in it`);
  return eventCommand(fn, {
    type,
    filter: text("filter"),
    match,
    since: text("since"),
  });
}

/** A length of time, or a `time.time`. */
function timerWait({ value, where }: Choice): Wait {
  return (
    sleepUntilCommand(value) ?? {
      kind: "sleep",
      name: "",
      args: { ms: durationAt(`select: ${where}`, value) },
    }
  );
}

function signalWait({ value, where }: Choice): Wait {
  if (typeof value === "string") return signalCommand(`select: ${where}`, value);
  throw invalidSelect(`${where}: got ${typeName(value)}, want the name of a signal`);
}

/** Starts a fiber that does nothing but wait. */
function waiter(ctx: CallContext, thread: Thread, wait: Wait): Thread {
  const request = { ...wait, position: ctx.position() };
  const fn = defineBuiltin(wait.kind, "", (inFiber: CallContext) => issue(inFiber, request));
  return thread.startChild({ fn, args: [] }, undefined);
}

/**
 * `w.select(events={key: type or dict}, signals={key: name}, timers={key: duration or time}, tasks={key: task})`: waits
 * for the first of all these and returns `struct(kind, key, value)`: kind `"event"`, `"signal"`, `"timer"` or `"task"`,
 * value the event, the signal, None, or what the task returned. A task that is first raises its error; the tasks that are
 * not first go on. What is over already is first, tasks before the rest.
 */
export const select: Builtin = defineBuiltin(
  "select",
  "*, events??, timers??, tasks??, signals??",
  (ctx: CallContext, events?: Value, timers?: Value, tasks?: Value, signals?: Value) => {
    const thread = callingThread(ctx);
    const joined = choices("tasks", tasks).map(
      ({ key, value, where }) => ["task", key, taskArgument(`select: ${where}`, value).thread] as const,
    );
    const waits = [
      ...choices("events", events).map((choice) => ["event", choice.key, eventWait(choice)] as const),
      ...choices("signals", signals).map((choice) => ["signal", choice.key, signalWait(choice)] as const),
      ...choices("timers", timers).map((choice) => ["timer", choice.key, timerWait(choice)] as const),
    ];
    if (joined.length + waits.length === 0) throw invalidSelect("there is nothing to wait for");
    ctx.charge((joined.length + waits.length) * FIBER_COST.steps, waits.length * FIBER_COST.bytes);
    if (waits.length > 0) thread.claimFibers(waits.length);
    const contenders = [
      ...joined.map(([kind, key, task]) => contender(kind, key, task, false)),
      ...waits.map(([kind, key, wait]) => contender(kind, key, waiter(ctx, thread, wait), true)),
    ];
    return ctx.suspend({ join: new FirstJoin(contenders) });
  },
);

function contender(kind: string, key: Value, thread: Thread, isCancelled: boolean): Contender {
  return { thread, isCancelled, result: (value) => makeStruct({ kind, key, value }, "select") };
}
