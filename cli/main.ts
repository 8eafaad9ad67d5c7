// The `sluice` command.
import { EXIT_FAILED } from "./errors.ts";
import { runCommand } from "./program.ts";

// A reader that leaves early (`| head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILED),
);
// Not awaited at top level: the single executable is a CommonJS script. A failure has become an exit code.
void runCommand(process.argv.slice(2));
