// The options that choose runs: of lists, and of what is done to many at once.
import type { Command } from "commander";
import { collect, INSTANT_FORMS, parseInstant } from "./command.ts";

/** As the API takes them, by its names. */
export interface RunFilterOptions {
  text?: string;
  state?: string[];
  workflow?: string;
  environment?: string;
  label?: string[];
  initiator?: string;
  from?: string;
  to?: string;
  parent?: string;
}

export function addRunFilterOptions(command: Command): Command {
  return command
    .option("--text <words>", "only with words that begin so, in id, labels, event, status, error and so on")
    .option("--state <state>", "only in this state; can be repeated", collect)
    .option("--workflow <name>", "only of this workflow")
    .option("--environment <name>", "only touching this environment")
    .option("--label <key=value>", "only with this label; can be repeated", collect)
    .option("--initiator <who>", "only of whom this is the cause")
    .option("--from <time>", `only created then or later: ${INSTANT_FORMS}`, parseInstant)
    .option("--to <time>", "only created before then", parseInstant)
    .option("--parent <run>", "only those that this run started");
}
