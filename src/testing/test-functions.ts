// What a test can do, by `t`. Each function acts on the world, lets everything happen that takes no time, and raises
// what keeps the test from going on.
import { matchesType } from "../events/type-pattern.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { ApprovalId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import {
  type CallContext,
  defineBuiltin,
  type FiberOptions,
  fromJson,
  repr,
  StarlarkError,
  StarlarkList,
  type Value,
} from "../starlark/index.ts";
import {
  durationArgument,
  jsonArgument,
  jsonObjectArgument,
  sumOfUnits,
  unitParameters,
} from "../workflow/index.ts";
import { type OnRunArguments, onRunSignature, RuleObject, ruleOf } from "./on-run.ts";
import { RunObject } from "./run-object.ts";
import type { TestedRun } from "./tested-run.ts";
import type { World } from "./world.ts";

const TEST_TYPE = "dev.sluice.test";
const eventParameters = "data??, subject??: string, source??: string, id??: string, by??: string";
const decisionSignature = "step??: string, run??, by??: string, comment??: string";

/** The name under which a run finds its handler: that of a top-level function, or one given for this test. */
export type NameOf = (handler: Value) => string;

export interface TestFunctionsOptions {
  world: World;
  nameOf: NameOf;
  /** What the functions that the test gives run with: its budget, and what it prints to. */
  fiberOptions: FiberOptions;
  /** A run as tests see it: the same one each time. */
  runObject: (run: TestedRun) => RunObject;
}

/** By their names: the signature, and what is done. */
type Functions = Record<string, [signature: string, perform: (ctx: CallContext, ...args: never[]) => Value]>;
type Given = readonly (Value | undefined)[];

/** The functions of `t`, by their names. */
export function testFunctions(options: TestFunctionsOptions): ReadonlyMap<string, Value> {
  const { world } = options;
  const functions: Functions = {
    ...standIns(options),
    ...occurrences(options),
    ...decisions(world),
    events: [
      "type??: string",
      (_ctx, type = "*") =>
        fromJson(world.bus.events.filter((event) => matchesType(type, event.type)) as unknown as JsonValue),
    ],
  };
  return new Map(
    Object.entries(functions).map(([name, [signature, perform]]) => [
      name,
      defineBuiltin(`t.${name}`, signature, perform),
    ]),
  );
}

/** What stands for the world outside. */
function standIns({ world, nameOf, fiberOptions }: TestFunctionsOptions): Functions {
  return {
    on_run: [
      onRunSignature,
      (_ctx, ...given: OnRunArguments) => {
        const rule = ruleOf(given, fiberOptions);
        world.calls.rules.add(rule);
        return new RuleObject(rule);
      },
    ],
    on_start: [
      "workflow: string, handler: callable",
      (_ctx, workflow: string, handler: Value) => {
        world.children.give(workflow, nameOf(handler));
        return null;
      },
    ],
  };
}

/** What happens: events, starts, and time. */
function occurrences({ world, nameOf, runObject }: TestFunctionsOptions): Functions {
  return {
    send: [
      `type: string, ${eventParameters}`,
      (_ctx, type: string, ...rest: Given) => {
        const started = checked(world, world.send(eventOf(type, rest), String(rest[4] ?? "tester")));
        return new StarlarkList(started.map(runObject));
      },
    ],
    start: [
      `handler: callable, ${eventParameters}, type??: string`,
      (_ctx, handler: Value, ...rest: Given) => {
        const type = String(rest[5] ?? TEST_TYPE);
        const by = String(rest[4] ?? "tester");
        const name = nameOf(handler);
        const event = eventOf(type, rest);
        // With a type of its own it is an event's handler that is tried.
        const input = rest[5] === undefined ? world.startInput(name, event.data ?? null) : undefined;
        // Unlike what else is refused, this is for tests to catch: that a start is refused is worth one.
        if (input && !input.ok) throw new StarlarkError(input.error.message, { code: "InvalidInput" });
        const given = input ? { ...event, data: input.value } : event;
        return runObject(checked(world, world.start(name, given, { by, isByName: input !== undefined })));
      },
    ],
    advance: [
      `*, ${unitParameters}`,
      (_ctx, ...amounts: Given) => {
        const ms = sumOfUnits("t.advance", amounts);
        if (ms !== undefined) world.advanceTo(world.now + ms);
        else if (!world.advanceToNext()) {
          throw uncatchable(
            "NothingToCome",
            "t.advance: nothing is going to happen by itself; give a length of time",
          );
        }
        return checked(world, null);
      },
    ],
    settle: [
      "within??",
      (_ctx, within: Value = "3650d") => {
        const ms = durationArgument("t.settle", "within", within);
        if (!checked(world, world.settle(world.now + ms))) {
          throw uncatchable("NotSettled", "t.settle: runs still go on by themselves after that time");
        }
        return null;
      },
    ],
  };
}

/** What people decide, and tell runs. */
function decisions(world: World): Functions {
  return {
    approve: [decisionSignature, (_ctx, ...given: Given) => resolveApproval(world, "approve", given)],
    deny: [decisionSignature, (_ctx, ...given: Given) => resolveApproval(world, "deny", given)],
    cancel: [
      "run??, reason??: string, by??: string, terminate??: bool",
      (_ctx, run?: Value, reason = "", by = "operator", terminate = false) =>
        done(world, world.cancel(runOf(world, "t.cancel", run), { by, reason, terminate })),
    ],
    signal: [
      "name: string, data??, run??, by??: string",
      (_ctx, name: string, data?: Value, run?: Value, by = "tester") => {
        const json = data === undefined ? null : jsonArgument("t.signal", "data", data);
        return done(world, world.signal(runOf(world, "t.signal", run), name, json, by));
      },
    ],
    fill: [
      "values: dict, run??, by??: string",
      (_ctx, values: Value, run?: Value, by = "tester") => {
        const meant = namedRun(world, "t.fill", run);
        const open = [...world.forms.values()].filter(
          ({ form, run: asking }) => form.state === "pending" && (!meant || asking === meant),
        );
        const [only] = open;
        if (!only || open.length > 1) {
          throw uncatchable(
            "AmbiguousForm",
            `t.fill: ${open.length} forms are open, want one; say whose with run=`,
          );
        }
        return done(world, world.fill(only.form.id, jsonObjectArgument("t.fill", "values", values), by));
      },
    ],
  };
}

/** Only the test as a whole can end with it: it is wrong itself. */
function uncatchable(code: string, message: string, details?: ErrorData["details"]): StarlarkError {
  return new StarlarkError(message, { code, details, uncatchable: true });
}

/** Raises what the world could not do, then gives the result. */
function checked<T>(world: World, result: T): T {
  const problem = world.takeProblem();
  if (problem) throw uncatchable(problem.code, problem.message, problem.details);
  return result;
}

/** Raises why it was not done. */
function done(world: World, refused: ErrorData | undefined): null {
  const error = checked(world, refused);
  if (error) throw uncatchable(error.code, error.message, error.details);
  return null;
}

function eventOf(type: string, [data, subject, source, id]: Given): Partial<CloudEvent> & { type: string } {
  return {
    type,
    ...(data === undefined
      ? {}
      : { datacontenttype: "application/json", data: jsonArgument("t.send", "data", data) }),
    ...(subject === undefined ? {} : { subject }),
    ...(source === undefined ? {} : { source }),
    ...(id === undefined ? {} : { id }),
  } as Partial<CloudEvent> & { type: string };
}

/** The run that `run=` names, by itself or by its id; undefined where it is left out. */
function namedRun({ runs }: World, fn: string, given: Value | undefined): TestedRun | undefined {
  if (given === undefined) return undefined;
  const named = given instanceof RunObject ? given.run : runs.find(({ id }) => id === given);
  if (named) return named;
  const want = "want a run, or the id of one of the test's runs";
  throw uncatchable("UnknownRun", `${fn}: for parameter run: got ${repr(given)}, ${want}`);
}

/** The run that was given; without one, the only one that is not over. */
function runOf(world: World, fn: string, given: Value | undefined): TestedRun {
  const named = namedRun(world, fn, given);
  if (named) return named;
  const open = world.runs.filter((run) => run.machine.summary().finishedAt === undefined);
  const [only] = open;
  if (only && open.length === 1) return only;
  throw uncatchable("AmbiguousRun", `${fn}: ${open.length} runs go on: say which with run=`);
}

function resolveApproval(world: World, decision: "approve" | "deny", given: Given): Value {
  const [step, run, by = "approver", comment = ""] = given;
  const asking = namedRun(world, `t.${decision}`, run);
  const pending = world.pendingApprovals();
  const meant = pending.filter(
    (approval) =>
      (step === undefined || approval.function === step) &&
      (asking === undefined || approval.run === asking.id),
  );
  const [only] = meant;
  if (!only || meant.length > 1) {
    const held = pending.map((approval) => approval.function).join(", ") || "nothing";
    throw uncatchable(
      "AmbiguousApproval",
      `t.${decision}: ${meant.length} held calls fit, want one; held: ${held}; say which with step= or run=`,
    );
  }
  return done(world, world.resolve(only.id as ApprovalId, decision, String(by), String(comment)));
}
