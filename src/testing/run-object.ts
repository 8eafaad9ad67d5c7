// A run as tests see it: read anew at every look, since time passes.

import type { JsonValue } from "../protocol/json.ts";
import { finishedStates } from "../protocol/run.ts";
import { fromJson, HostObject, makeStruct, StarlarkList, type Value } from "../starlark/index.ts";
import { timeFromMs } from "../workflow/index.ts";
import type { TestedRun } from "./tested-run.ts";

function listOf(items: readonly Value[]): Value {
  return new StarlarkList([...items]);
}

function seconds(ms: number): Value {
  return fromJson(ms / 1000);
}

const views: ReadonlyMap<string, (run: TestedRun) => Value> = new Map<string, (run: TestedRun) => Value>([
  ["id", (run) => run.id],
  ["workflow", (run) => run.start.workflow],
  ["trigger", (run) => run.start.trigger.id],
  ["event", (run) => fromJson(run.start.event as JsonValue)],
  ["state", (run) => run.machine.summary().state],
  ["waiting_for", (run) => run.machine.summary().waitingFor],
  ["environments", (run) => fromJson([...run.machine.summary().environments])],
  ["output", (run) => fromJson(run.machine.ending().output ?? null)],
  ["outputs", (run) => fromJson(run.machine.outputs())],
  ["error", errorOf],
  ["parent", ({ parent }) => (parent ? new RunObject(parent) : null)],
  ["labels", (run) => fromJson(run.machine.summary().labels ?? {})],
  ["log", (run) => fromJson(run.log.map(({ text }) => text))],
  ["calls", (run) => listOf(activities(run, "run"))],
  ["activities", (run) => listOf(activities(run))],
  ["started_at", (run) => timeFromMs(run.machine.summary().createdAt)],
  ["finished_at", (run) => finishedAt(run, timeFromMs)],
  ["took", (run) => finishedAt(run, (at) => seconds(at - run.machine.summary().createdAt))],
  ["is_finished", (run) => finishedStates.includes(run.machine.summary().state)],
]);

function finishedAt(run: TestedRun, view: (at: number) => Value): Value {
  const { finishedAt: at } = run.machine.summary();
  return at === undefined ? null : view(at);
}

function errorOf(run: TestedRun): Value {
  const { error } = run.machine.ending();
  if (!error) return null;
  const { code, message, details = {} } = error;
  return makeStruct({ code, message, details: fromJson(details) }, "error");
}

function activities(run: TestedRun, kind?: string): Value[] {
  const { createdAt } = run.machine.summary();
  return run.machine
    .activities()
    .filter((activity) => kind === undefined || activity.kind === kind)
    .map((activity) =>
      makeStruct(
        {
          command: activity.command,
          kind: activity.kind,
          step: activity.name,
          state: activity.state,
          inputs: fromJson(activity.inputs ?? null),
          outputs: fromJson(activity.outputs ?? null),
          error: activity.error === undefined ? null : activity.error.code,
          environment: activity.environment ?? null,
          attempt: activity.attempt ?? 0,
          at: seconds(activity.scheduledAt - createdAt),
        },
        "activity",
      ),
    );
}

export class RunObject extends HostObject {
  readonly run: TestedRun;

  constructor(run: TestedRun) {
    super();
    this.run = run;
  }

  override get type(): string {
    return "run";
  }

  override repr(): string {
    const { workflow, state } = this.run.machine.summary();
    return `<run of ${workflow}, ${state}>`;
  }

  override attribute(name: string): Value | undefined {
    return views.get(name)?.(this.run);
  }

  override attributeNames(): string[] {
    return [...views.keys()].sort();
  }

  /** Two looks at one run are equal. */
  override content(): Value {
    return this.run.id;
  }
}
