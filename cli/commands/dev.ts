import { isSea } from "node:sea";
import { type Command, InvalidArgumentError } from "commander";
import { outputOf, parseNumber } from "../command.ts";
import type { ServeOptions } from "../dev/serve.ts";
import { CliError, usageError } from "../errors.ts";

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError(`"${text}" is not a port`);
  return port;
}

function parseScale(text: string): number {
  const scale = parseNumber(text);
  if (scale < 1 || scale > 100_000) throw new InvalidArgumentError("a time scale is between 1 and 100000");
  return scale;
}

function addStackOptions(command: Command, defaults: { timeScale: number }): Command {
  return command
    .option("--port <port>", "where the server listens", parsePort, 8787)
    .option("--target-port <port>", "where deployed apps can be opened", parsePort, 8788)
    .option("--state <folder>", "where everything is kept", ".sluice")
    .option(
      "--workflows <folder>",
      "workflows to register at every start, and when they are saved (default: those of the repository)",
    )
    .option(
      "--time-scale <n>",
      "sleeps and waits pass this many times faster",
      parseScale,
      defaults.timeScale,
    )
    .option("--no-runner", "without the local runner");
}

/**
 * The local server, whose bundlers and runtime take longer to load than most commands take: loaded when it is wanted.
 * The single executable leaves it out, because it builds the server from its sources.
 */
function localServer(): Promise<typeof import("../dev/serve.ts")> {
  if (isSea()) {
    throw new CliError(
      "this executable has no local server in it: that is built from the sources of Sluice",
      {
        code: "needs_sources",
        hint: "Clone the repository of Sluice and run `npm start` there, or `npx sluice dev`.",
      },
    );
  }
  return import("../dev/serve.ts");
}

export function addDevCommands(program: Command): void {
  addStackOptions(
    program.command("dev").description("run Sluice locally: server, runner and a place to deploy to"),
    { timeScale: 1 },
  ).action(async (options: ServeOptions, command: Command) => {
    const { serve } = await localServer();
    await serve(options, outputOf(command));
  });

  addStackOptions(program.command("demo").description("play the canary deployment, as npm start does"), {
    timeScale: 180,
  })
    .option("--yes", "approve, wait for the end, check what got deployed, and exit")
    .action(async (options: ServeOptions & { yes?: boolean }, command: Command) => {
      const out = outputOf(command);
      if (out.json) {
        throw usageError("the demonstration is for people: `sluice dev --json` starts the same without it");
      }
      const { serveDemo } = await localServer();
      await serveDemo(options, out);
    });
}
