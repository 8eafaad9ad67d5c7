// The `sluice` command.
import { Command, CommanderError } from "commander";
import pc from "picocolors";
import packageJson from "../package.json" with { type: "json" };
import { addApprovalCommands } from "./commands/approval.ts";
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
import { CliError, EXIT_FAILED, EXIT_USAGE, ProblemError } from "./errors.ts";
import { printable } from "./output.ts";

function createProgram(): Command {
  const program = new Command("sluice")
    .description("A durable workflow engine for continuous delivery")
    .version(packageJson.version)
    .option("--url <url>", "the server (default: SLUICE_URL, or the local one)")
    .option("--token <token>", "who you are (default: SLUICE_TOKEN, or the local server's administrator)")
    .option("--json", "print results as JSON")
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
  return program;
}

/** Subcommands do not inherit exitOverride when they are added as groups; without it commander exits by itself. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExits(child);
}

function show(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof ProblemError) {
    const { problem } = error;
    if (json) process.stderr.write(`${JSON.stringify(problem)}\n`);
    else {
      process.stderr.write(
        `${pc.red("error:")} ${printable(error.message)} ${pc.dim(`(${problem.code}, ${problem.status})`)}\n`,
      );
      for (const { pointer, message } of problem.errors ?? []) {
        process.stderr.write(`  ${pc.bold(pointer || "/")}: ${printable(message)}\n`);
      }
      if (error.hint) process.stderr.write(`${pc.dim(error.hint)}\n`);
    }
    return EXIT_FAILED;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (json) process.stderr.write(`${JSON.stringify({ code: "failed", detail: message })}\n`);
  else process.stderr.write(`${pc.red("error:")} ${printable(message)}\n`);
  if (error instanceof CliError) {
    if (error.hint && !json) process.stderr.write(`${pc.dim(error.hint)}\n`);
    return error.exitCode;
  }
  // Not one of ours: a defect, whose place we want to see.
  if (error instanceof Error && error.stack && process.env.SLUICE_DEBUG)
    process.stderr.write(`${error.stack}\n`);
  return EXIT_FAILED;
}

const program = createProgram();
overrideExits(program);
// A reader that leaves early (`| head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILED),
);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = show(error, process.argv.includes("--json"));
}
