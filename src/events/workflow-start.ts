// The event that starts a workflow by its name, for people and for other runs. Its type is Sluice's own, so nobody else
// can send it; its identity makes the run's, so however often it is sent, it starts one.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Trigger } from "../protocol/workflow.ts";

export const WORKFLOW_START = "dev.sluice.workflow.start";
/** What `on_start` calls its trigger. */
export const START_TRIGGER = "start";
/** Extension attribute: `<run>/<command>` of the run that asks for it. */
const PARENT_ATTRIBUTE = "sluiceparent";
/** Extension attribute: the priority of the run that asks for it. */
const PRIORITY_ATTRIBUTE = "sluicepriority";

export interface Parent {
  run: RunId;
  command: CommandId;
}

/** The trigger by which a workflow is started. */
export function startTriggerOf(workflow: string): string {
  return `${workflow}/${START_TRIGGER}`;
}

/** The id of a start for which the script has chosen none. */
export function ownStartId({ run, command }: Parent): string {
  return `${run}#${command}`;
}

export function workflowStart(start: {
  workspace: string;
  workflow: string;
  /** One per workflow: the same again is the same start. */
  id: string;
  input: JsonValue;
  now: number;
  parent?: Parent & { priority: number };
  /** What goes on from the event that started the parent: `attributesOfConsequence`. */
  attributes?: Pick<CloudEvent, string>;
}): CloudEvent {
  const { workspace, workflow, id, input, now, parent, attributes } = start;
  return {
    specversion: "1.0",
    id,
    source: `/workspaces/${workspace}/workflows/${workflow}/starts`,
    type: WORKFLOW_START,
    subject: workflow,
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    ...attributes,
    ...(parent ? { [PARENT_ATTRIBUTE]: `${parent.run}/${parent.command}` } : {}),
    ...(parent && parent.priority !== 0 ? { [PRIORITY_ATTRIBUTE]: parent.priority } : {}),
    data: input,
  };
}

/** The run and command that asked for the run which this event starts; undefined where none did. */
export function parentOf(event: CloudEvent): Parent | undefined {
  const named = event.type === WORKFLOW_START ? event[PARENT_ATTRIBUTE] : undefined;
  if (typeof named !== "string") return undefined;
  const slash = named.indexOf("/");
  return { run: named.slice(0, slash) as RunId, command: named.slice(slash + 1) as CommandId };
}

type Begun = { trigger: Pick<Trigger, "id">; event: CloudEvent };

/** Whether a start is the one that its event asks for, and not that of somebody whose trigger listens to all. */
export function isAskedFor({ trigger, event }: Begun): boolean {
  return event.type === WORKFLOW_START && trigger.id === startTriggerOf(String(event.subject));
}

/** The run and command that asked for this start; undefined where none did. */
export function parentOfStart(start: Begun): Parent | undefined {
  return isAskedFor(start) ? parentOf(start.event) : undefined;
}

/**
 * How important what a run asks runners for is: as its trigger says, or for one that another run has started, as that
 * one is. 0 where nobody says.
 */
export function priorityOf(start: Begun & { trigger: Pick<Trigger, "priority"> }): number {
  const inherited = isAskedFor(start) ? start.event[PRIORITY_ATTRIBUTE] : undefined;
  return start.trigger.priority ?? (typeof inherited === "number" ? inherited : 0);
}
