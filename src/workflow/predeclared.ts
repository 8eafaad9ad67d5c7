// What every file of a workflow knows besides the language itself: how to declare triggers, and the library modules.
import { standardModules, type Value } from "../starlark/index.ts";
import { batch, concurrency, debounce, rateLimit } from "./declare/flow-rules.ts";
import { onEvent } from "./declare/on-event.ts";
import { onSchedule } from "./declare/on-schedule.ts";
import { onStart } from "./declare/on-start.ts";

export const predeclared: Readonly<Record<string, Value>> = {
  on_event: onEvent,
  on_schedule: onSchedule,
  on_start: onStart,
  concurrency,
  rate_limit: rateLimit,
  debounce,
  batch,
  ...standardModules,
};
