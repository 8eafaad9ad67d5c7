import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { parseNumber } from "../command.ts";
import { playDemo } from "../dev/demo.ts";
import type { Registration } from "../dev/local-workflows.ts";
import { type Stack, type StackOptions, startStack } from "../dev/stack.ts";
import { printable } from "../output.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

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

function tellRegistration(one: Registration): void {
  const line =
    "error" in one
      ? `${pc.red("✗")} ${printable(one.error.message)}`
      : `${pc.green("✓")} ${one.name}, version ${one.version}`;
  process.stderr.write(`${line}\n`);
}

interface DevOptions {
  port: number;
  targetPort: number;
  state: string;
  timeScale: number;
  workflows: string;
  runner: boolean;
}

function stackOptions(options: DevOptions): StackOptions {
  const { port, targetPort, timeScale, runner } = options;
  return {
    root,
    stateFolder: resolve(options.state),
    port,
    targetPort,
    timeScale,
    runner,
    workflows: resolve(options.workflows),
    onWorkflow: tellRegistration,
  };
}

/** Ends the stack in order on the first signal, and at once on the second. */
export function stopOnSignals(stack: Stack): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      process.stderr.write(`\n${pc.dim("Stopping… (runs go on at the next start)")}\n`);
      stack.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

export function banner(stack: Stack, options: StackOptions): string {
  const rows = [
    // After the #, which browsers keep to themselves: the page takes it out of the address and signs in with it.
    ["Dashboard", `${stack.url}/#token=${stack.state.adminToken}`],
    ["Server", stack.url],
    ["API", `${stack.url}/docs`],
    ["Deployed apps", stack.targetUrl],
    ["Storage", options.stateFolder],
    [
      "Time scale",
      options.timeScale === 1
        ? "1, real time"
        : `×${options.timeScale}: sleeps and waits pass ${options.timeScale} times faster, on this local server only`,
    ],
  ];
  return rows.map(([name = "", value = ""]) => `${pc.dim(name.padEnd(14))} ${value}`).join("\n");
}

function addStackOptions(command: Command, defaults: { timeScale: number }): Command {
  return command
    .option("--port <port>", "where the server listens", parsePort, 8787)
    .option("--target-port <port>", "where deployed apps can be opened", parsePort, 8788)
    .option("--state <folder>", "where everything is kept", ".sluice")
    .option(
      "--workflows <folder>",
      "workflows to register at every start, and when they are saved",
      resolve(root, "workflows"),
    )
    .option(
      "--time-scale <n>",
      "sleeps and waits pass this many times faster",
      parseScale,
      defaults.timeScale,
    )
    .option("--no-runner", "without the local runner");
}

export function addDevCommands(program: Command): void {
  addStackOptions(
    program.command("dev").description("run Sluice locally: server, runner and a place to deploy to"),
    { timeScale: 1 },
  ).action(async (options: DevOptions) => {
    const chosen = stackOptions(options);
    const stack = await startStack(chosen);
    stopOnSignals(stack);
    process.stdout.write(`${banner(stack, chosen)}\n`);
  });

  addStackOptions(program.command("demo").description("play the canary deployment, as npm start does"), {
    timeScale: 180,
  })
    .option("--yes", "approve, wait for the end, check what got deployed, and exit")
    .action(async (options: DevOptions & { yes?: boolean }) => {
      const chosen = stackOptions(options);
      process.stderr.write(`${pc.dim("Starting Sluice…")}\n`);
      const stack = await startStack(chosen);
      stopOnSignals(stack);
      process.stdout.write(`${banner(stack, chosen)}\n\n`);
      const succeeded = await playDemo(stack, { approve: options.yes ?? false });
      if (!options.yes) return;
      await stack.stop();
      process.exit(succeeded ? 0 : 1);
    });
}
