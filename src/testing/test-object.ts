// `t`: what every test is given, to look at the world and to act on it.
import type { Approval } from "../protocol/policy.ts";
import type { StartView } from "../protocol/start.ts";
import { fromJson, HostObject, makeStruct, StarlarkList, type Value } from "../starlark/index.ts";
import { timeFromMs } from "../workflow/index.ts";
import { RunObject } from "./run-object.ts";
import { type TestFunctionsOptions, testFunctions } from "./test-functions.ts";
import type { TestedRun } from "./tested-run.ts";
import type { World } from "./world.ts";

export class TestObject extends HostObject {
  readonly #world: World;
  readonly #functions: ReadonlyMap<string, Value>;
  readonly #runs = new Map<TestedRun, RunObject>();

  constructor(options: Omit<TestFunctionsOptions, "runObject">) {
    super();
    this.#world = options.world;
    this.#functions = testFunctions({ ...options, runObject: (run) => this.#runObject(run) });
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
        return new StarlarkList(world.pendingApprovals().map(approvalStruct));
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
