// What a file may call at top level besides the language itself: how it declares its triggers and their pace.
import { concurrencyModes } from "../../protocol/flow-control.ts";
import type { FunctionEntry, ParameterEntry } from "./entry.ts";

const handler: ParameterEntry = {
  doc: "A function defined by `def` at the top level of a file, called with `w` and the event.",
  meaning: "handler",
};
const name: ParameterEntry = { doc: "The trigger's name, once per workflow.", default: "the handler's" };
const concurrencyOf = "How many runs at once: what `concurrency(...)` gives.";
const rateLimitOf = "How many starts in a stretch of time: what `rate_limit(...)` gives.";
const priority: ParameterEntry = {
  doc: "Of starts that wait for the same place, and of jobs that wait for a runner, the higher one goes first; from -1000 to 1000.",
  default: "0",
};
const timeout: ParameterEntry = {
  doc: "How long each run may take; then it is stopped, cleans up, and has failed with `RunTimedOut`.",
  meaning: "duration",
};
const key: ParameterEntry = {
  doc: "A CEL expression over `event`; what it comes out as tells groups apart.",
  meaning: "event-key",
};

export const topLevelEntries: Readonly<Record<string, FunctionEntry>> = {
  on_event: {
    summary: "Declares a trigger: every matching event starts a run of the handler.",
    parameters: {
      type: {
        doc: "The event's type, or a prefix that ends in `*`.",
        meaning: "event-type",
      },
      handler,
      filter: {
        doc: "A CEL expression over `event` that must come out true.",
        meaning: "event-filter",
      },
      match: "Paths in the event with the values they must have.",
      name,
      concurrency: concurrencyOf,
      rate_limit: rateLimitOf,
      debounce: "One run for a burst of events: what `debounce(...)` gives.",
      batch: "One run for several events: what `batch(...)` gives. The handler gets a list.",
      priority,
      timeout,
    },
  },
  on_schedule: {
    summary: "Declares a trigger that the clock fires.",
    parameters: {
      cron: "Five fields (minute, hour, day, month, weekday), or six with seconds in front; `@daily` and the like.",
      handler,
      every: {
        doc: "Instead of `cron`: an interval of whole seconds, counted from 1970.",
        meaning: "duration",
      },
      timezone: { doc: "A zone of the IANA database.", default: '"UTC"' },
      name,
      overlap: {
        doc: "What a firing does when the run before goes on still. A short form of `concurrency`.",
        default: '"skip"',
        choices: ["allow", "skip", "queue", "cancel"],
      },
      jitter: {
        doc: "Puts each firing off by up to this long.",
        default: "0",
        meaning: "duration",
      },
      backfill: {
        doc: "What to make up for after an outage.",
        default: '"latest"',
        choices: ["none", "latest", "all"],
      },
      concurrency: concurrencyOf,
      priority,
      timeout,
    },
  },
  on_start: {
    summary: "Lets people and other workflows start this workflow by its name.",
    details:
      "The event's `data` is what they give it. With `inputs` it is a dict with a value for every field, checked before anything starts.",
    parameters: {
      handler,
      inputs:
        "What a start takes: a dict from names to fields, as for `w.form`. Any JSON where it is left out.",
      concurrency: concurrencyOf,
      rate_limit: rateLimitOf,
      priority,
      timeout,
    },
  },
  concurrency: {
    summary: "Limits how many runs of a group there are at once.",
    parameters: {
      key,
      mode: {
        doc: "What happens to the starts that have to wait.",
        default: '"queue"',
        choices: concurrencyModes,
      },
      limit: { doc: "How many at once.", default: "1" },
      group:
        "A name for a group that triggers and workflows share; each trigger has its own where it is left out.",
    },
    returns: "What the parameter `concurrency` of a trigger takes.",
    isPure: true,
  },
  rate_limit: {
    summary: "Limits how many runs start in any stretch of time.",
    parameters: {
      count: "How many.",
      per: { doc: "How long the stretch is.", meaning: "duration" },
      key,
      over: {
        doc: "Whether those over it wait for their turn or are dropped.",
        default: '"wait"',
        choices: ["wait", "drop"],
      },
    },
    returns: "What the parameter `rate_limit` of a trigger takes.",
    isPure: true,
  },
  debounce: {
    summary: "Makes one run of a burst of events, with the last of them.",
    parameters: {
      duration: { doc: "How long no event must have come.", meaning: "duration" },
      key,
      max_wait: { doc: "How long to wait at most from the first event.", meaning: "duration" },
    },
    returns: "What the parameter `debounce` of a trigger takes.",
    isPure: true,
  },
  batch: {
    summary: "Makes one run of several events, whose handler gets the list of them.",
    parameters: {
      max: "How many events at most.",
      within: { doc: "How long to collect from the first event.", meaning: "duration" },
      key,
    },
    returns: "What the parameter `batch` of a trigger takes.",
    isPure: true,
  },
};
