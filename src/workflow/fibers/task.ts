// `w.spawn`'s result: a fiber as scripts see it.
import {
  type CallContext,
  defineMethod,
  HostObject,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { CANCELLED } from "../error-data.ts";
import type { Thread } from "./thread.ts";

/** Raised in a fiber that is cancelled; not to be caught. */
export function cancelledTask(): StarlarkError {
  return new StarlarkError("this fiber was cancelled", { code: CANCELLED, uncatchable: true });
}

/** `task.cancel()`: the fiber gets `Cancelled` where it waits, and its cleanup runs. Nothing when it is done. */
const cancel = defineMethod("cancel", "", (ctx: CallContext, task: Task) => {
  // Set by thread.ts, the only place that starts fibers.
  if (ctx.hostData === task.thread) throw cancelledTask();
  task.thread.cancel(cancelledTask());
  return null;
});

export class Task extends HostObject {
  readonly thread: Thread;

  constructor(thread: Thread) {
    super();
    this.thread = thread;
  }

  override get type(): string {
    return "task";
  }

  /** `running`, also while it cleans up, `succeeded`, `failed` or `cancelled`. */
  get state(): string {
    const { ending, isDone } = this.thread;
    if (!isDone || ending === undefined) return "running";
    return ending.kind === "returned" ? "succeeded" : ending.kind;
  }

  override repr(): string {
    return `<task ${this.thread.id}, ${this.state}>`;
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "id":
        return this.thread.id;
      case "state":
        return this.state;
      case "done":
        return this.thread.isDone;
      case "cancel":
        return cancel.bind(this);
      default:
        return undefined;
    }
  }

  override attributeNames(): string[] {
    return ["cancel", "done", "id", "state"];
  }
}
