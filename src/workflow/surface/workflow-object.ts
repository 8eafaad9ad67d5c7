// The functions of `w`, for people: one entry per function, in the order in which they are explained.
import type { FunctionEntry, ParameterEntry } from "./entry.ts";

const onError: ParameterEntry = {
  doc: 'What a failure does to the others: `"wait"` lets them go on, `"cancel"` cancels them.',
  default: '"wait"',
  choices: ["wait", "cancel"],
};
const calledFunction = {
  fn: "The function to call.",
  "*args": "Its arguments.",
  "**kwargs": "Its arguments that are given by name.",
};
const branches = "Functions, or tuples of a function and its arguments by position.";

export const workflowObjectEntries: Readonly<Record<string, FunctionEntry>> = {
  run: {
    summary: "Runs a Function, where policy allows it, and returns its outputs.",
    details:
      "Policy may let the call pass, reject it (`PolicyRejected`), or hold it until a person has approved it.",
    parameters: {
      step: {
        doc: "The Function: `host/path@version`, `./folder` or `builtin://name`.",
        meaning: "function-reference",
      },
      inputs: { doc: "A dict that JSON can hold, at most 1 MiB.", default: "{}" },
      sensitive: {
        doc: 'Places in `inputs` that only the runner gets to see: `["token", "database.password"]`.',
        default: "[]",
        meaning: "places",
      },
      environment: "The environment it touches, where no target of one says so.",
      retry: {
        doc: "How many attempts, or a dict of `attempts`, `initial`, `factor`, `max` and `final`.",
        default: "1",
        meaning: "retry",
      },
      timeout: { doc: "For one attempt.", default: '"1h"', meaning: "duration" },
      deadline: {
        doc: "For everything: policy, approval, waiting for a runner, all attempts.",
        meaning: "duration",
      },
      tags: { doc: "What the runner must have.", default: "[]" },
    },
    returns: "The Function's outputs, a dict.",
  },
  sleep: {
    summary: "Waits. The units add up; nothing runs and nothing is held in memory meanwhile.",
    parameters: {
      days: "Days.",
      hours: "Hours.",
      minutes: "Minutes.",
      seconds: "Seconds.",
      milliseconds: "Milliseconds.",
    },
    needsOne: true,
  },
  sleep_until: {
    summary: "Waits until a moment. One that has passed is no wait.",
    parameters: { time: { doc: "A `time.time`, at most ten years from now.", meaning: "moment" } },
  },
  wait_for_event: {
    summary: "Waits for the first matching event that the run has not consumed yet.",
    details:
      "Events count that arrived after the one which started the run, so that none is missed between two waits.",
    parameters: {
      type: {
        doc: "The event's type, or a prefix that ends in `*`.",
        meaning: "event-type",
      },
      filter: {
        doc: "A CEL expression over `event` that must come out true.",
        meaning: "event-filter",
      },
      match: "Paths in the event with the values they must have.",
      timeout: { doc: "How long to wait at most.", meaning: "duration" },
      since: {
        doc: '`"now"` ignores what has arrived before the call.',
        choices: ["now"],
      },
    },
    returns: "The event, a dict; None when `timeout` comes first.",
  },
  wait_for_signal: {
    summary: "Waits for a signal, which a person, another system or another run sends to this one.",
    details: "One that came before the call is kept for it; the oldest of the name comes first.",
    parameters: {
      name: "The signal's name: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.",
      timeout: { doc: "How long to wait at most.", meaning: "duration" },
    },
    returns: "A dict of `id`, `name`, `data`, `by`; None when `timeout` comes first.",
  },
  start: {
    summary: "Starts a run of another workflow, which declares `on_start`, and waits for it.",
    parameters: {
      workflow: "The workflow's name.",
      input: "What it gets as the `data` of its event; anything that JSON can hold.",
      sensitive: {
        doc: "Places in `input` that nobody but the child gets to see.",
        default: "[]",
        meaning: "places",
      },
      id: "Starts the workflow once in the workspace under this id; again is an error, up to 400 days after that run's end.",
      wait: { doc: "Whether to wait for it to end.", default: "True" },
      parent_close: {
        doc: "What happens to it when this run, or the fiber that waits for it, ends before it does.",
        default: '"cancel"',
        choices: ["cancel", "terminate", "abandon"],
      },
    },
    returns: "The output of its handler; with `wait = False`, a dict with its `run`.",
  },
  form: {
    summary: "Asks people, and waits for what they fill in.",
    parameters: {
      title: "What the form is about, 1 to 200 characters.",
      fields:
        "A dict of field names, each with its type (`string`, `text`, `number`, `boolean`, `choice`, `multi_choice`, `date`, `secret`) or a dict of `type`, `label`, `help`, `required`, `default`, `options`, `min`, `max`, `pattern`.",
      description: "What people need to know to answer.",
      assignees: "Who may answer; any operator where it is left out.",
      timeout: { doc: "How long to wait at most.", meaning: "duration" },
      signed: { doc: "Whether to tell who has answered, too.", default: "False" },
    },
    returns:
      "A dict with a value for every field, None for those left empty; where it is `signed`, a dict of `by` and of those `values`. None when `timeout` comes first.",
  },
  lock: {
    summary: "Calls a function while no more than `limit` hold the lock, whatever run they belong to.",
    details: "Those that wait get it in the order they asked. The function runs in a fiber of its own.",
    parameters: {
      key: "The lock's name, 1 to 200 visible ASCII characters.",
      fn: "The function to call.",
      "*args": "Its arguments, by position.",
      limit: { doc: "How many may hold the lock together.", default: "1" },
      timeout: { doc: "How long to wait for the lock at most.", meaning: "duration" },
    },
    returns: "What the function returns.",
    forwardsCall: true,
  },
  set_status: {
    summary: "Says what the run is doing, for people.",
    parameters: { text: "At most 200 characters; the rest is cut." },
  },
  set_progress: {
    summary: "Says how far the run is.",
    parameters: { done: "How much is done, in whatever the run counts.", total: "How much there is to do." },
  },
  set_label: {
    summary: "Gives the run a label, which lists of runs filter by.",
    parameters: {
      key: "The label's key: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.",
      value: "Its value, at most 200 characters; None takes the label away.",
    },
  },
  set_output: {
    summary: "Puts out a result that can be read while the run still goes.",
    parameters: {
      key: "Its name: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.",
      value: "Anything that JSON can hold.",
    },
  },
  now: {
    summary: "Tells the time. Recorded: a replay sees the same.",
    returns: "A `time.time` in UTC, to the millisecond.",
    isPure: true,
  },
  uuid: {
    summary: "Makes a random UUID. Recorded: a replay sees the same.",
    returns: "The UUID as text (RFC 9562, version 4).",
    isPure: true,
  },
  random: {
    summary: "Draws a random number. Recorded: a replay sees the same.",
    returns: "A float, at least 0 and less than 1.",
    isPure: true,
  },
  parallel: {
    summary: "Calls all branches side by side, each in a fiber of its own, and waits for all of them.",
    details: "When all have ended, the error of the first that failed is raised.",
    parameters: {
      branches,
      limit: "How many run at a time; all where it is left out.",
      on_error: onError,
    },
    returns: "Their results, a list in the order of the branches.",
  },
  spawn: {
    summary: "Calls a function in a fiber of its own and goes on at once.",
    parameters: calledFunction,
    returns: "The task: `id`, `done`, `state`, `cancel()`.",
    forwardsCall: true,
  },
  wait: {
    summary: "Waits until tasks have ended.",
    parameters: { tasks: "A task, or a list of tasks.", on_error: onError },
    returns: "The task's value; for a list, the list of their values.",
  },
  race: {
    summary: "Waits for the first branch or task to end, cancels the others and waits for their cleanup.",
    parameters: { branches: `${branches} Tasks, too.` },
    returns: "`struct(index, value)` of the first.",
  },
  select: {
    summary: "Waits for whichever comes first of events, signals, times and tasks.",
    parameters: {
      events: "A dict or list of event types, or of dicts of `type`, `filter`, `match`, `since`.",
      signals: "A dict or list of names of signals.",
      timers: "A dict or list of lengths of time, or of moments (`time.time`).",
      tasks: "A dict or list of tasks.",
    },
    returns: '`struct(kind, key, value)`, kind being `"event"`, `"signal"`, `"timer"` or `"task"`.',
    needsOne: true,
  },
  attempt: {
    summary: "Calls a function and returns how that went, instead of failing.",
    details: "A cancellation and a used-up budget pass by.",
    parameters: calledFunction,
    returns: "`struct(ok, value, error)`, error being None or `struct(code, message, details)`.",
    forwardsCall: true,
  },
  defer: {
    summary: "Calls a function when the handler, or the fiber's function, has ended in whichever way.",
    details: "The last one deferred is called first.",
    parameters: calledFunction,
    forwardsCall: true,
  },
  continue_as_new: {
    summary: "Ends the run and starts it over in a new one, with an empty journal.",
    details: "Never returns. Deferred functions run first. Only the handler's own fiber may call it.",
    parameters: {
      data: "What the new run's event has as its data, JSON; that of this run's event where it is left out.",
    },
  },
  log: {
    summary: "Writes a line into the run's log, once, however often the run is replayed.",
    parameters: {
      "*args": "What to write, each as by `str`.",
      sep: { doc: "What stands between them.", default: '" "' },
    },
  },
  info: {
    summary: "Tells about the run itself.",
    returns: "`struct(run, workflow, digest, trigger, initiator, commands, max_commands)`.",
    isPure: true,
  },
};
