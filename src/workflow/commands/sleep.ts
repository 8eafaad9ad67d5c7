// `w.sleep`: a timer.
import { encodeValue } from "../../starlark/index.ts";
import { durationText } from "../duration-text.ts";
import type { Command, Kind } from "./kind.ts";
import { noResult } from "./result-by-hand.ts";

interface SleepCommand extends Command {
  dueAt: number;
}

export const sleepKind: Kind<SleepCommand> = {
  opened: (command, run) => ({ ...command, dueAt: run.dueAt(Number(command.args.ms), command.scheduledAt) }),
  begin: (turn, { id, dueAt }) => turn.setTimer("sleep", id, dueAt),
  due(turn, command, kind) {
    if (kind === "sleep") turn.complete(command, { ok: encodeValue(null) });
  },
  resultByHand: noResult,
  timers: () => [{ kind: "sleep" }],
  isWaiting: () => true,
  reasonToWait: ({ args }) => `sleeping for ${durationText(Number(args.ms))}`,
  shown: ({ dueAt }) => ({ state: "waiting", dueAt }),
};
