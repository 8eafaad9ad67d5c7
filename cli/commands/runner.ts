import { hostname } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { startRunner } from "../../runner/start-runner.ts";
import { collect, collectPair, parseCount } from "../command.ts";
import { findConnection } from "../connection.ts";
import { CliError } from "../errors.ts";

interface RunnerCommandOptions {
  url?: string;
  token?: string;
  json?: boolean;
  name: string;
  tag?: string[];
  capacity: number;
  replace?: string[];
  var?: Record<string, string>;
  passEnv?: string[];
  folder: string;
  state?: string;
  grace: number;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !Number.isFinite(seconds) || seconds < 0) {
    throw new InvalidArgumentError(`"${text}" is not a number of seconds`);
  }
  return seconds;
}

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  return stop.signal;
}

export function addRunnerCommand(program: Command): void {
  program
    .command("runner")
    .description("take jobs and execute functions; SIGTERM finishes or hands back what it has")
    .option("--name <name>", "unique among the runners of one token", hostname())
    .option("--tag <tag>", "take jobs that ask for it; repeatable", collect)
    .option("--capacity <n>", "how many jobs at once", parseCount, 1)
    .option(
      "--replace <rule>",
      "take references from a folder: gitlab.com/cd=./functions/cd; repeatable",
      collect,
    )
    .option("--var <name=value>", "a variable for every job; repeatable", collectPair)
    .option("--pass-env <name>", "pass this environment variable on to jobs; repeatable", collect)
    .option("--folder <folder>", "what ./ in references is relative to", ".")
    .option("--state <folder>", "where leases, work folders and fetched functions are kept")
    .option(
      "--grace <seconds>",
      "how long running jobs may take to finish when it is stopped",
      parseSeconds,
      30,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunnerCommandOptions>();
      const { url, token } = findConnection(options, process.env, process.cwd());
      if (token === undefined) {
        throw new CliError("a runner needs a token of role runner", {
          exitCode: 2,
          hint: "`sluice token create --subject runner-1 --role runner` makes one; pass it in SLUICE_TOKEN.",
        });
      }
      await startRunner({
        url,
        token,
        name: options.name,
        tags: options.tag ?? [],
        capacity: options.capacity,
        replacements: options.replace ?? [],
        variables: options.var ?? {},
        passEnvironment: options.passEnv ?? [],
        root: options.folder,
        ...(options.state === undefined ? {} : { stateDir: options.state }),
        graceMs: options.grace * 1000,
        signal: stopSignal(),
        log: (text) => {
          const at = new Date().toISOString();
          process.stderr.write(`${options.json ? JSON.stringify({ at, text }) : `${at} ${text}`}\n`);
        },
      });
    });
}
