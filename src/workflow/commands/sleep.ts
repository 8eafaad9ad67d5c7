// `w.sleep` and `w.sleep_until`: a timer.
import { encodeValue } from "../../starlark/index.ts";
import { durationText } from "../duration-text.ts";
import { MAX_DURATION_MS } from "../limits.ts";
import type { Command, Kind } from "./kind.ts";
import { noResult } from "./result-by-hand.ts";

interface SleepCommand extends Command {
  dueAt: number;
}

/** How long it sleeps: of one until a moment, what is left of that when it is called. */
function lengthOf({ args, scheduledAt }: Command): number {
  return args.until === undefined ? Number(args.ms) : Math.max(0, Number(args.until) - scheduledAt);
}

function momentText(ms: number): string {
  return new Date(ms).toISOString();
}

export const sleepKind: Kind<SleepCommand> = {
  opened: (command, run) => ({ ...command, dueAt: run.dueAt(lengthOf(command), command.scheduledAt) }),
  begin(turn, command) {
    // Only here is it known how far off a moment is. Of a length the call itself says that it is too long.
    if (lengthOf(command) <= MAX_DURATION_MS) turn.setTimer("sleep", command.id, command.dueAt);
    else {
      const moment = momentText(Number(command.args.until));
      // The command does not hold which of both has been called.
      const message = `sleep_until: ${moment} is too far off: at most ten years, for a timer of select as well`;
      turn.complete(command, { error: { code: "InvalidTime", message } });
    }
  },
  due(turn, command, kind) {
    if (kind === "sleep") turn.complete(command, { ok: encodeValue(null) });
  },
  resultByHand: noResult,
  timers: () => [{ kind: "sleep" }],
  isWaiting: () => true,
  reasonToWait: ({ args }) =>
    args.until === undefined
      ? `sleeping for ${durationText(Number(args.ms))}`
      : `sleeping until ${momentText(Number(args.until))}`,
  shown: ({ dueAt }) => ({ state: "waiting", dueAt }),
};
