// What an operator does to a run by hand.
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import type { JsonValue } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/operation.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { idempotencyKey } from "../client.ts";
import { contextOf } from "../command.ts";
import { printable } from "../output.ts";
import { runPath } from "../run-path.ts";

export const WHY = "why; kept with who it was";

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new InvalidArgumentError(`it is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function operate(command: Command, id: string, operation: Operation): Promise<void> {
  const { client, out } = contextOf(command);
  const { reason = "" } = command.opts<{ reason?: string }>();
  const summary = await client.post<RunSummary>(`${runPath(id)}/operations`, {
    body: { operation, reason },
  });
  const waits = summary.waitingFor === "" ? "" : `: ${printable(summary.waitingFor)}`;
  out.result(summary, () => `${pc.green("✓")} ${summary.workflow} is ${summary.state}${waits}`);
}

export function addRunOperationCommands(run: Command): void {
  const operation = (name: string, description: string) =>
    run.command(name).description(description).argument("<id>", "the run").option("--reason <text>", WHY, "");

  operation("pause", "let what is under way go on, and nothing new begin").action(
    (id: string, _: unknown, command: Command) => operate(command, id, { action: "pause" }),
  );
  operation("resume", "let a paused run go on").action((id: string, _: unknown, command: Command) =>
    operate(command, id, { action: "resume" }),
  );
  operation("retry", "make the next attempt now")
    .argument("[command]", "of this command; of all that wait for one, when it is left out")
    .action((id: string, at: string | undefined, _: unknown, command: Command) =>
      operate(command, id, { action: "retry", ...(at !== undefined && { command: at }) }),
    );
  operation("skip", "end a command as if there had been nothing to do")
    .argument("<command>", "its id, such as 0#3")
    .action((id: string, at: string, _: unknown, command: Command) =>
      operate(command, id, { action: "skip", command: at }),
    );
  operation("complete", "end a command with a result of your own")
    .argument("<command>", "its id, such as 0#3")
    .argument("<value>", "JSON: a call's outputs, an event", parseValue)
    .action((id: string, at: string, value: JsonValue, _: unknown, command: Command) =>
      operate(command, id, { action: "complete", command: at, value }),
    );
  operation("fail", "end a command with an error, which the script may catch")
    .argument("<command>", "its id, such as 0#3")
    .option("--code <code>", "the error's code", "FailedByOperator")
    .option("--message <text>", "the error's message", "")
    .action(
      (id: string, at: string, { code, message }: Record<"code" | "message", string>, command: Command) =>
        operate(command, id, { action: "fail", command: at, code, message }),
    );
  addForkCommand(run, "fork", "begin another run where this one was");
  addForkCommand(run, "restart", "end a run, and do it again from a command");
}

function addForkCommand(run: Command, name: "fork" | "restart", description: string): void {
  run
    .command(name)
    .description(description)
    .argument("<id>", "the run")
    .argument(
      "[command]",
      "the first command to repeat, such as 0#3; the one it failed with when it is left out",
    )
    .option("--current", "on the version of the workflow that is registered now")
    .option("--reason <text>", WHY, "")
    .option("--key <text>", "asked for again under the same key, it is the same run")
    .action(
      async (
        id: string,
        at: string | undefined,
        options: { current?: boolean; reason: string; key?: string },
        command: Command,
      ) => {
        const { client, out } = contextOf(command);
        const summary = await client.post<RunSummary>(`${runPath(id)}/forks`, {
          body: {
            ...(at !== undefined && { command: at }),
            program: options.current ? "current" : "same",
            restart: name === "restart",
            reason: options.reason,
          },
          headers: idempotencyKey(options.key),
        });
        out.result(
          summary,
          () => `${pc.green("✓")} ${summary.id} goes on from ${at ?? "what failed"}: ${summary.state}`,
        );
      },
    );
}
