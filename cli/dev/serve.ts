// `sluice dev` and `sluice demo`: the local stack in the foreground, until a signal ends it.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { tellFailure } from "../failure.ts";
import { type Output, printable } from "../output.ts";
import { playDemo } from "./demo.ts";
import type { Registration } from "./local-workflows.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** As they stand on the command line. */
export interface ServeOptions {
  port: number;
  targetPort: number;
  state: string;
  timeScale: number;
  /** Default: the workflows of this repository. */
  workflows?: string;
  runner: boolean;
}

function tellRegistration(one: Registration, out: Output): void {
  if ("error" in one && out.json) tellFailure(one.error, true);
  else if ("error" in one) out.note(`${pc.red("✗")} ${printable(one.error.message)}`);
  else out.note(`${pc.green("✓")} ${one.name}, version ${one.version}`);
}

function stackOptions(options: ServeOptions, out: Output): StackOptions {
  const { port, targetPort, timeScale, runner, workflows = join(root, "workflows") } = options;
  return {
    root,
    stateFolder: resolve(options.state),
    port,
    targetPort,
    timeScale,
    httpAllow: process.env.SLUICE_HTTP_ALLOW ?? "",
    runner,
    workflows: resolve(workflows),
    onWorkflow: (registration) => tellRegistration(registration, out),
  };
}

/** Ends the stack in order on the first signal, and at once on the second. */
function stopOnSignals(stack: Stack, out: Output): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Miniflare's own listener ends the process before anything has stopped; it cleans up when the process exits, too.
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      out.note(`\n${pc.dim("Stopping… (runs go on at the next start)")}`);
      stack.stop().then(
        () => process.exit(),
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

/** Answers when the stack is up and has been told of; it goes on until a signal comes. */
export async function serve(options: ServeOptions, out: Output): Promise<void> {
  const chosen = stackOptions(options, out);
  const stack = await startStack(chosen);
  stopOnSignals(stack, out);
  out.line(whereabouts(stack, chosen), () => banner(stack, chosen));
}

/** Plays the canary deployment. With `yes` it ends the process when it is over, and otherwise leaves the stack up. */
export async function serveDemo(options: ServeOptions & { yes?: boolean }, out: Output): Promise<void> {
  const chosen = stackOptions(options, out);
  out.note(pc.dim("Starting Sluice…"));
  const stack = await startStack(chosen);
  stopOnSignals(stack, out);
  process.stdout.write(`${banner(stack, chosen)}\n\n`);
  const succeeded = await playDemo(stack, { approve: options.yes ?? false });
  if (!options.yes) return;
  // Also for a signal that comes while it stops.
  process.exitCode = succeeded ? 0 : 1;
  await stack.stop();
  process.exit();
}
