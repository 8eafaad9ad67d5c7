// `t`: what every test is given. Each function acts on the world, lets everything happen that takes no time, and
// raises what keeps the test from going on.
import { matchesType } from "../events/type-pattern.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { ApprovalId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Approval } from "../protocol/policy.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { StartView } from "../protocol/start.ts";
import {
  type CallContext,
  defineBuiltin,
  fromJson,
  HostObject,
  makeStruct,
  StarlarkError,
  StarlarkList,
  type Value,
} from "../starlark/index.ts";
import {
  durationArgument,
  jsonArgument,
  jsonObjectArgument,
  sumOfUnits,
  timeFromMs,
  unitParameters,
} from "../workflow/index.ts";
import { type OnRunArguments, onRunSignature, RuleObject, ruleOf } from "./on-run.ts";
import { RunObject } from "./run-object.ts";
import type { TestedRun } from "./tested-run.ts";
import type { World } from "./world.ts";

const TEST_TYPE = "dev.sluice.test";
const eventParameters = "data??, subject??: string, source??: string, id??: string, by??: string";
const decisionSignature = "step??: string, run??, by??: string, comment??: string";

function refusal({ code, message, details }: ErrorData): StarlarkError {
  return new StarlarkError(message, { code, details, uncatchable: true });
}

/** The name under which a run finds its handler: that of a top-level function, or one given for this test. */
export type NameOf = (handler: Value) => string;

export class TestObject extends HostObject {
  readonly #world: World;
  readonly #functions: ReadonlyMap<string, Value>;
  readonly #runs = new Map<TestedRun, RunObject>();

  constructor(world: World, nameOf: NameOf) {
    super();
    this.#world = world;
    this.#functions = this.#makeFunctions(nameOf);
  }

  override get type(): string {
    return "test";
  }

  override attribute(name: string): Value | undefined {
    const world = this.#world;
    switch (name) {
      case "runs":
        return new StarlarkList(world.runs.map((run) => this.#runObject(run)));
      case "now":
        return timeFromMs(world.now);
      case "approvals":
        return new StarlarkList(this.#pending().map(approvalStruct));
      case "starts":
        return new StarlarkList(world.bus.starts().map(startStruct));
      case "deployments":
        return new StarlarkList(
          world.deployments.map(({ environment, app, revision, by }) =>
            makeStruct({ environment, app, revision, by }, "deployment"),
          ),
        );
      default:
        return this.#functions.get(name);
    }
  }

  override attributeNames(): string[] {
    return ["runs", "now", "approvals", "starts", "deployments", ...this.#functions.keys()].sort();
  }

  #runObject(run: TestedRun): RunObject {
    const known = this.#runs.get(run) ?? new RunObject(run);
    this.#runs.set(run, known);
    return known;
  }

  #pending(): Approval[] {
    return [...this.#world.approvals.values()]
      .map(({ approval }) => approval)
      .filter(({ state }) => state === "pending");
  }

  /** Raises what the world could not do, then gives the result. */
  #checked<T>(result: T): T {
    const problem = this.#world.takeProblem();
    if (problem) throw refusal(problem);
    return result;
  }

  #makeFunctions(nameOf: NameOf): ReadonlyMap<string, Value> {
    const world = this.#world;
    const eventOf = (type: string, [data, subject, source, id]: (Value | undefined)[]) =>
      ({
        type,
        ...(data === undefined
          ? {}
          : { datacontenttype: "application/json", data: jsonArgument("t.send", "data", data) }),
        ...(subject === undefined ? {} : { subject }),
        ...(source === undefined ? {} : { source }),
        ...(id === undefined ? {} : { id }),
      }) as Partial<CloudEvent> & { type: string };

    const functions: [
      name: string,
      signature: string,
      perform: (ctx: CallContext, ...args: never[]) => Value,
    ][] = [
      [
        "on_run",
        onRunSignature,
        (
          _ctx,
          step: string,
          returns?: Value,
          fails?: Value,
          lost?: boolean,
          takes?: Value,
          holds?: Value,
          rejects?: Value,
          inputs?: Value,
          environment?: string,
          times?: number,
        ) => {
          const given: OnRunArguments = {
            step,
            returns,
            fails,
            lost,
            takes,
            holds,
            rejects,
            inputs,
            environment,
            times,
          };
          const rule = ruleOf(given);
          world.calls.rules.add(rule);
          return new RuleObject(rule);
        },
      ],
      [
        "on_start",
        "workflow: string, handler: callable",
        (_ctx, workflow: string, handler: Value) => {
          world.children.give(workflow, nameOf(handler));
          return null;
        },
      ],
      [
        "send",
        `type: string, ${eventParameters}`,
        (_ctx, type: string, ...rest: (Value | undefined)[]) => {
          const started = this.#checked(world.send(eventOf(type, rest), String(rest[4] ?? "tester")));
          return new StarlarkList(started.map((run) => this.#runObject(run)));
        },
      ],
      [
        "start",
        `handler: callable, ${eventParameters}, type??: string`,
        (_ctx, handler: Value, ...rest: (Value | undefined)[]) => {
          const type = String(rest[5] ?? TEST_TYPE);
          const by = String(rest[4] ?? "tester");
          const name = nameOf(handler);
          const event = eventOf(type, rest);
          // With a type of its own it is an event's handler that is tried.
          const input = rest[5] === undefined ? world.startInput(name, event.data ?? null) : undefined;
          // Unlike what else is refused, this is for tests to catch: that a start is refused is worth one.
          if (input && !input.ok) throw new StarlarkError(input.error.message, { code: "InvalidInput" });
          const given = input ? { ...event, data: input.value } : event;
          return this.#runObject(this.#checked(world.start(name, given, by)));
        },
      ],
      [
        "advance",
        `*, ${unitParameters}`,
        (_ctx, ...amounts: (Value | undefined)[]) => {
          const ms = sumOfUnits("t.advance", amounts);
          if (ms !== undefined) world.advanceTo(world.now + ms);
          else if (!world.advanceToNext()) throw nothingToCome();
          return this.#checked(null);
        },
      ],
      [
        "settle",
        "within??",
        (_ctx, within?: Value) => {
          const ms = durationArgument("t.settle", "within", within ?? "3650d");
          if (!this.#checked(world.settle(world.now + ms))) {
            throw new StarlarkError("t.settle: runs still go on by themselves after that time", {
              code: "NotSettled",
              uncatchable: true,
            });
          }
          return null;
        },
      ],
      [
        "approve",
        decisionSignature,
        (_ctx, ...given: (Value | undefined)[]) => this.#resolve("approve", given),
      ],
      ["deny", decisionSignature, (_ctx, ...given: (Value | undefined)[]) => this.#resolve("deny", given)],
      [
        "cancel",
        "run??, reason??: string, by??: string, terminate??: bool",
        (_ctx, run?: Value, reason?: string, by?: string, terminate?: boolean) => {
          const how = { by: by ?? "operator", reason: reason ?? "", terminate: terminate ?? false };
          const refused = this.#checked(world.cancel(this.#runOf("t.cancel", run), how));
          if (refused) throw refusal(refused);
          return null;
        },
      ],
      [
        "signal",
        "name: string, data??, run??, by??: string",
        (_ctx, name: string, data?: Value, run?: Value, by?: string) => {
          const json = data === undefined ? null : jsonArgument("t.signal", "data", data);
          const to = this.#runOf("t.signal", run);
          const refused = this.#checked(world.signal(to, name, json, by ?? "tester"));
          if (refused) throw refusal(refused);
          return null;
        },
      ],
      [
        "fill",
        "values: dict, run??, by??: string",
        (_ctx, values: Value, run?: Value, by?: string) => {
          const open = [...world.forms.values()].filter(
            ({ form, run: asking }) =>
              form.state === "pending" && (!(run instanceof RunObject) || asking === run.run),
          );
          const [only] = open;
          if (!only || open.length > 1) {
            throw new StarlarkError(`t.fill: ${open.length} forms are open, want one; say whose with run=`, {
              code: "AmbiguousForm",
              uncatchable: true,
            });
          }
          const answer = jsonObjectArgument("t.fill", "values", values);
          const refused = this.#checked(world.fill(only.form.id, answer, by ?? "tester"));
          if (refused) throw refusal(refused);
          return null;
        },
      ],
      [
        "events",
        "type??: string",
        (_ctx, type?: string) =>
          fromJson(
            world.bus.events.filter((event) => matchesType(type ?? "*", event.type)) as unknown as JsonValue,
          ),
      ],
    ];
    return new Map(
      functions.map(([name, signature, perform]) => [name, defineBuiltin(`t.${name}`, signature, perform)]),
    );
  }

  /** The run that was given; without one, the only one that is not over. */
  #runOf(fn: string, given: Value | undefined): TestedRun {
    if (given instanceof RunObject) return given.run;
    const open = this.#world.runs.filter((run) => run.machine.summary().finishedAt === undefined);
    const [only] = open;
    if (given === undefined && only && open.length === 1) return only;
    throw new StarlarkError(`${fn}: ${open.length} runs go on: say which with run=`, {
      code: "AmbiguousRun",
      uncatchable: true,
    });
  }

  #resolve(decision: "approve" | "deny", given: (Value | undefined)[]): Value {
    const [step, run, by = "approver", comment = ""] = given;
    const pending = this.#pending();
    const meant = pending.filter(
      (approval) =>
        (step === undefined || approval.function === step) &&
        (!(run instanceof RunObject) || approval.run === run.run.id),
    );
    const [only] = meant;
    if (!only || meant.length > 1) {
      const held = pending.map((approval) => approval.function).join(", ") || "nothing";
      throw new StarlarkError(
        `t.${decision}: ${meant.length} held calls fit, want one; held: ${held}; say which with step= or run=`,
        { code: "AmbiguousApproval", uncatchable: true },
      );
    }
    const refused = this.#checked(
      this.#world.resolve(only.id as ApprovalId, decision, String(by), String(comment)),
    );
    if (refused) throw refusal(refused);
    return null;
  }
}

function nothingToCome(): StarlarkError {
  return new StarlarkError("t.advance: nothing is going to happen by itself; give a length of time", {
    code: "NothingToCome",
    uncatchable: true,
  });
}

function approvalStruct(approval: Approval): Value {
  return makeStruct(
    {
      id: approval.id,
      run: approval.run,
      step: approval.function,
      inputs: fromJson(approval.inputs),
      environment: approval.environment ?? null,
      reasons: fromJson(approval.reasons),
    },
    "approval",
  );
}

function startStruct({ run, trigger, state, reason, group, events }: StartView): Value {
  return makeStruct({ run, trigger, state, reason, group: group ?? null, events: fromJson(events) }, "start");
}
