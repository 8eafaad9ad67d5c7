// All commands, and how one is carried out.
import { Command } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { addApprovalCommands } from "./commands/approval.ts";
import { addAuditCommands } from "./commands/audit.ts";
import { addDevCommands } from "./commands/dev.ts";
import { addEnvironmentCommands } from "./commands/environment.ts";
import { addEventCommands } from "./commands/event.ts";
import { addFmtCommand } from "./commands/fmt.ts";
import { addFormCommands } from "./commands/form.ts";
import { addFunctionCommands } from "./commands/function.ts";
import { addLockCommands } from "./commands/lock.ts";
import { addOutboxCommands } from "./commands/outbox.ts";
import { addQueueCommands } from "./commands/queue.ts";
import { addReplayCommand } from "./commands/replay.ts";
import { addRunCommands } from "./commands/run.ts";
import { addRunnerCommand } from "./commands/runner.ts";
import { addScheduleCommands } from "./commands/schedule.ts";
import { addTestCommand } from "./commands/test.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addWorkflowCommands } from "./commands/workflow.ts";
import { tellFailure } from "./failure.ts";

/** Reads no arguments and writes nothing yet. */
export function createProgram(): Command {
  const program = new Command("sluice")
    .description("A durable workflow engine for continuous delivery")
    .version(packageJson.version)
    .option("--url <url>", "the server (default: SLUICE_URL, or the local one)")
    .option("--token <token>", "who you are (default: SLUICE_TOKEN, or the local server's administrator)")
    .option("--json", "print the result as JSON, and errors as a problem in JSON")
    .showHelpAfterError("(--help shows what there is)")
    .showSuggestionAfterError()
    .exitOverride();
  addDevCommands(program);
  addRunnerCommand(program);
  addWorkflowCommands(program);
  addFmtCommand(program);
  addTestCommand(program);
  addReplayCommand(program);
  addRunCommands(program);
  addEventCommands(program);
  addScheduleCommands(program);
  addQueueCommands(program);
  addOutboxCommands(program);
  addApprovalCommands(program);
  addFormCommands(program);
  addLockCommands(program);
  addEnvironmentCommands(program);
  addFunctionCommands(program);
  addTokenCommands(program);
  addAuditCommands(program);
  return program;
}

/**
 * Subcommands inherit neither when they are added as groups: without the first commander exits by itself, and without the
 * second it explains in words what is told as a problem.
 */
function prepare(command: Command, json: boolean): void {
  command.exitOverride();
  if (json) command.configureOutput({ writeErr: () => {} });
  for (const child of command.commands) prepare(child, json);
}

/** Carries out what the arguments say, without those for Node. Sets `process.exitCode`; docs/cli.md says to what. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = createProgram();
  // Also where the arguments cannot be parsed.
  const json = args.includes("--json");
  prepare(program, json);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = tellFailure(error, json);
  }
}
