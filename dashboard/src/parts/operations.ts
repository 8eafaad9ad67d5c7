// What an operator may do to runs, one or many: what the buttons say, and what it means.
import type { BulkAction } from "../../../src/protocol/bulk-action.ts";

interface Said {
  verb: string;
  explanation: string;
  /** What has become of a run that did it. */
  done: string;
  isDangerous?: boolean;
}

export const operations: Record<BulkAction, Said> = {
  cancel: {
    verb: "Cancel",
    explanation: "Asks to stop. The cleanup that was deferred still runs.",
    done: "asked to stop",
    isDangerous: true,
  },
  terminate: {
    verb: "Terminate",
    explanation: "Ends at once, without cleanup.",
    done: "terminated",
    isDangerous: true,
  },
  pause: {
    verb: "Pause",
    explanation: "Lets what is under way go on, and nothing new begin.",
    done: "paused",
  },
  resume: { verb: "Resume", explanation: "Goes on where it was paused.", done: "resumed" },
  retry: {
    verb: "Retry now",
    explanation: "Makes the next attempts now instead of waiting for their time.",
    done: "tried again",
  },
  restart: {
    verb: "Restart",
    explanation:
      "Begins again from the command that failed, as a new run, once however often it is asked for.",
    done: "restarted",
  },
};
