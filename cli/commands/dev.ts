import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { outputOf, parseNumber } from "../command.ts";
import { playDemo } from "../dev/demo.ts";
import type { Registration } from "../dev/local-workflows.ts";
import { type Stack, type StackOptions, startStack } from "../dev/stack.ts";
import { usageError } from "../errors.ts";
import { tellFailure } from "../failure.ts";
import { type Output, printable } from "../output.ts";

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

function tellRegistration(one: Registration, out: Output): void {
  if ("error" in one && out.json) tellFailure(one.error, true);
  else if ("error" in one) out.note(`${pc.red("✗")} ${printable(one.error.message)}`);
  else out.note(`${pc.green("✓")} ${one.name}, version ${one.version}`);
}

interface DevOptions {
  port: number;
  targetPort: number;
  state: string;
  timeScale: number;
  workflows: string;
  runner: boolean;
}

function stackOptions(options: DevOptions, out: Output): StackOptions {
  const { port, targetPort, timeScale, runner } = options;
  return {
    root,
    stateFolder: resolve(options.state),
    port,
    targetPort,
    timeScale,
    runner,
    workflows: resolve(options.workflows),
    onWorkflow: (registration) => tellRegistration(registration, out),
  };
}

/** Ends the stack in order on the first signal, and at once on the second. */
function stopOnSignals(stack: Stack, out: Output): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      out.note(`\n${pc.dim("Stopping… (runs go on at the next start)")}`);
      stack.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

/** What programs are told of a stack that is up. */
function whereabouts({ url, targetUrl, state }: Stack, { stateFolder, timeScale }: StackOptions) {
  return {
    // After the #, which browsers keep to themselves: the page takes it out of the address and signs in with it.
    dashboard: `${url}/#token=${state.adminToken}`,
    url,
    token: state.adminToken,
    api: `${url}/docs`,
    targetUrl,
    stateFolder,
    timeScale,
  };
}

function banner(stack: Stack, options: StackOptions): string {
  const { dashboard, url, api, targetUrl, stateFolder, timeScale } = whereabouts(stack, options);
  const rows = [
    ["Dashboard", dashboard],
    ["Server", url],
    ["API", api],
    ["Deployed apps", targetUrl],
    ["Storage", stateFolder],
    [
      "Time scale",
      timeScale === 1
        ? "1, real time"
        : `×${timeScale}: sleeps and waits pass ${timeScale} times faster, on this local server only`,
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
  ).action(async (options: DevOptions, command: Command) => {
    const out = outputOf(command);
    const chosen = stackOptions(options, out);
    const stack = await startStack(chosen);
    stopOnSignals(stack, out);
    out.line(whereabouts(stack, chosen), () => banner(stack, chosen));
  });

  addStackOptions(program.command("demo").description("play the canary deployment, as npm start does"), {
    timeScale: 180,
  })
    .option("--yes", "approve, wait for the end, check what got deployed, and exit")
    .action(async (options: DevOptions & { yes?: boolean }, command: Command) => {
      const out = outputOf(command);
      if (out.json) {
        throw usageError("the demonstration is for people: `sluice dev --json` starts the same without it");
      }
      const chosen = stackOptions(options, out);
      out.note(pc.dim("Starting Sluice…"));
      const stack = await startStack(chosen);
      stopOnSignals(stack, out);
      process.stdout.write(`${banner(stack, chosen)}\n\n`);
      const succeeded = await playDemo(stack, { approve: options.yes ?? false });
      if (!options.yes) return;
      await stack.stop();
      process.exit(succeeded ? 0 : 1);
    });
}
