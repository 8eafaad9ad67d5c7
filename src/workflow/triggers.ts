// Triggers: what the `on_event` and `on_schedule` calls of a program declare, checked.
import { WORKFLOW_START } from "../events/workflow-start.ts";
import type { Diagnostic, Trigger } from "../protocol/workflow.ts";
import { type Module, StarlarkFunction, type Value } from "../starlark/index.ts";
import type { Declaration } from "./declare/declaration.ts";
import { problem } from "./diagnostic.ts";
import { eventTypeProblem } from "./event-type.ts";
import { unfillable } from "./forms/unfillable.ts";

const MAX_TRIGGERS = 200;
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/**
 * The names by which runs find functions again: that of the variable in the entry file, `<file>:<variable>` in
 * any other.
 */
export function handlersOf(modules: ReadonlyMap<string, Module>, entry: string): Map<string, Value> {
  const handlers = new Map<string, Value>();
  for (const [file, { globals }] of modules) {
    for (const [name, value] of globals) {
      if (value instanceof StarlarkFunction) handlers.set(file === entry ? name : `${file}:${name}`, value);
    }
  }
  return handlers;
}

interface Context extends ExpressionChecks {
  workflow: string;
  handlers: ReadonlyMap<string, Value>;
  wasTaken?: boolean | undefined;
}

/** What is wrong with an expression of a trigger, in a sentence; undefined when nothing is. Default: nothing ever is. */
export interface ExpressionChecks {
  checkFilter?: ((filter: string) => string | undefined) | undefined;
  checkKey?: ((key: string) => string | undefined) | undefined;
}

/** The triggers that the declarations make, or what is wrong with them, every mistake of it. */
export function triggersOf(
  declarations: readonly Declaration[],
  context: Context,
): { triggers: Trigger[]; problems: Diagnostic[] } {
  const triggers = new Map<string, Trigger>();
  const problems: Diagnostic[] = [];
  for (const declaration of declarations) {
    const { position } = declaration;
    const complain = (code: string, message: string) => problems.push(problem(code, message, position));
    const trigger = triggerOf(declaration, context, complain);
    if (!trigger) continue;
    if (triggers.has(trigger.id)) {
      complain("duplicate-trigger", `there is a trigger ${trigger.id} already: give one of them a name=`);
    }
    triggers.set(trigger.id, trigger);
    if (triggers.size === MAX_TRIGGERS + 1) {
      complain("too-many-triggers", `a workflow has at most ${MAX_TRIGGERS} triggers`);
    }
  }
  return { triggers: [...triggers.values()], problems };
}

function triggerOf(
  { type, handler, filter, match, name, schedule, flow, timeoutMs, inputs }: Declaration,
  { workflow, handlers, checkFilter, checkKey, wasTaken }: Context,
  complain: (code: string, message: string) => void,
): Trigger | undefined {
  const typeProblem = eventTypeProblem(type);
  if (typeProblem !== undefined) complain("invalid-event-type", typeProblem);
  const filterProblem = filter === undefined ? undefined : checkFilter?.(filter);
  if (filterProblem !== undefined) complain("invalid-filter", filterProblem);
  for (const rule of [flow.concurrency, flow.rateLimit, flow.debounce, flow.batch]) {
    const keyProblem = rule?.key === undefined ? undefined : checkKey?.(rule.key);
    if (keyProblem !== undefined) complain("invalid-key", keyProblem);
  }
  const inputsProblem = inputs === undefined || wasTaken ? undefined : unfillable(inputs);
  if (inputsProblem !== undefined) complain("invalid-inputs", `on_start: ${inputsProblem}`);
  if (name !== undefined && !namePattern.test(name)) {
    complain("invalid-name", `"${name}" is no name for a trigger: 1–100 letters, digits, '_', '.' or '-'`);
  }
  const handlerName = [...handlers].find(([, value]) => value === handler)?.[0];
  if (handlerName === undefined) {
    complain(
      "invalid-handler",
      "a handler must be a function defined by def at the top level of a file, so that a run finds it again",
    );
    return undefined;
  }
  const shortName = handlerName.slice(handlerName.lastIndexOf(":") + 1);
  const id = `${workflow}/${name ?? shortName}`;
  return {
    id,
    type,
    handler: handlerName,
    ...(filter === undefined ? {} : { filter }),
    ...(match === undefined ? {} : { match }),
    // Starts by name are of one type, too.
    ...(type === WORKFLOW_START ? { match: { subject: workflow } } : {}),
    // Every schedule's firings are of one type: this trigger is for its own.
    ...(schedule === undefined ? {} : { schedule, match: { subject: id } }),
    ...flow,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}
