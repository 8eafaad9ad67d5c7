// The runs that runs of one test start with `w.start`: runs like any other, of the function that `t.on_start` has given
// their workflow, or of the tested workflow's own `on_start`.
import { runIdFor } from "../events/run-id.ts";
import { parentOf, startTriggerOf, WORKFLOW_START } from "../events/workflow-start.ts";
import type { RunId } from "../protocol/ids.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Trigger } from "../protocol/workflow.ts";
import { checkStartInput } from "../workflow/forms/start-input.ts";
import type { Effect, Sha256Hex } from "../workflow/index.ts";
import type { Stage } from "./stage.ts";
import type { TestedBus } from "./tested-bus.ts";
import type { TestedRun } from "./tested-run.ts";

type StartChild = Extract<Effect, { kind: "start_child" }>;
type CloseChild = Extract<Effect, { kind: "close_child" }>;
type TellParent = Extract<Effect, { kind: "tell_parent" }>;

export class TestedChildren {
  /** What starts a workflow, by its name. */
  readonly #triggers = new Map<string, Trigger>();
  readonly #declared: readonly Trigger[];
  readonly #stage: Stage;
  readonly #world: { bus: TestedBus; runs: readonly TestedRun[]; sha256Hex: Sha256Hex };

  constructor(
    stage: Stage,
    world: { bus: TestedBus; runs: readonly TestedRun[]; sha256Hex: Sha256Hex },
    own: { workflow: string; triggers: readonly Trigger[] },
  ) {
    this.#stage = stage;
    this.#world = world;
    this.#declared = own.triggers.filter(({ type }) => type === WORKFLOW_START);
    const [trigger] = this.#declared;
    if (trigger) this.#triggers.set(own.workflow, trigger);
  }

  /** Says what starts of a workflow begin: runs of this handler, with what its `on_start` declares. */
  give(workflow: string, handler: string): void {
    const declared = this.#declared.find((trigger) => trigger.handler === handler);
    const trigger = { id: startTriggerOf(workflow), type: WORKFLOW_START, handler };
    this.#triggers.set(workflow, { ...declared, ...trigger });
  }

  start(parent: TestedRun, asked: StartChild): void {
    const { command, workflow, event } = asked;
    const trigger = this.#triggers.get(workflow);
    if (!trigger) {
      const known = [...this.#triggers.keys()].join(", ") || "no workflow";
      const input = JSON.stringify(event.data ?? null);
      this.#stage.fail(
        "UnexpectedStart",
        `a run starts the workflow ${workflow} with ${input}, which no t.on_start answers (there is ${known})`,
      );
      return;
    }
    const refused = this.#begin(parent, asked, trigger);
    this.#stage.soon(() =>
      this.#stage.feed(parent, { type: "child_started", command, ...(refused && { refused }) }),
    );
  }

  /** Begins the child, unless it has begun. Returns why not, as a script hears it. */
  #begin(
    parent: TestedRun,
    { command, workflow, event }: StartChild,
    trigger: Trigger,
  ): ErrorData | undefined {
    const run = runIdFor(startTriggerOf(workflow), event, this.#world.sha256Hex);
    const before = this.#world.bus.find(event);
    if (before) {
      const first = parentOf(before);
      if (first?.run === parent.start.id && first.command === command) return undefined;
      const message = `start: ${workflow} was started before under the id ${event.id}`;
      return { code: "AlreadyStarted", message, details: { run } };
    }
    const input = checkStartInput(workflow, trigger.inputs, event.data ?? null);
    if (!input.ok) {
      const { message, details } = input.error;
      return { code: "InvalidInput", message: `start: ${message}`, ...(details && { details }) };
    }
    const given = { ...event, data: input.value };
    const fault = this.#world.bus.startByName(given, parent.start.initiator, { workflow, trigger });
    if (fault === undefined) return undefined;
    const message = `start: the workflow ${workflow} was not started: its key failed: ${fault}`;
    return { code: "NotStartable", message };
  }

  close(parent: TestedRun, { run, terminate }: CloseChild): void {
    if (!this.#world.bus.closeChild(run, parent.start.id)) return;
    const child = this.#lastOf(run);
    if (!child) return;
    const by = parent.start.id;
    const reason = "the run that started it has ended";
    this.#stage.feed(child, { type: "cancel", by, reason, terminate, parent: by });
  }

  tell({ parent, command, outcome }: TellParent): void {
    const told = this.#find(parent);
    if (told) this.#stage.feed(told, { type: "child_finished", command, outcome });
  }

  #find(run: RunId): TestedRun | undefined {
    return this.#world.runs.find(({ start }) => start.id === run);
  }

  /** A parent knows a child by the first run of its chain. */
  #lastOf(run: RunId): TestedRun | undefined {
    const found = this.#find(run);
    const { continuedAs } = found?.machine.summary() ?? {};
    return continuedAs === undefined ? found : (this.#lastOf(continuedAs as RunId) ?? found);
  }
}
