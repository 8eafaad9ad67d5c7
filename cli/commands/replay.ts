import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { type ErrorData, ok, type Result, refuse } from "../../src/protocol/result.ts";
import {
  firstDifference,
  type History,
  loadWorkflow,
  parseHistory,
  type Workflow,
} from "../../src/workflow/index.ts";
import { outputOf } from "../command.ts";
import { enginePorts } from "../engine-ports.ts";
import { CliError } from "../errors.ts";
import { printable } from "../output.ts";
import { readProgram } from "../workflow-files.ts";

interface Replayed {
  path: string;
  /** Absent where the file is no history. */
  run?: string;
  workflow?: string;
  records?: number;
  difference?: ErrorData;
}

export function addReplayCommand(program: Command): void {
  program
    .command("replay")
    .description("replay histories of runs (`run export`) and name the first difference of each")
    .argument("<history...>", "files, or folders of .ndjson files")
    .option("--with <file>", "the workflow as it shall be (default: each run's own program)")
    .action((paths: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ with?: string; json?: boolean }>();
      const out = outputOf(command);
      const changed = options.with === undefined ? undefined : changedWorkflow(options.with);
      const files = paths.flatMap(historyFiles);
      // A check that looked at nothing has not passed.
      if (files.length === 0) {
        throw new CliError(`no history was replayed: there is no file *.ndjson in ${paths.join(", ")}`);
      }
      const replayed = files.map((path) => replay(path, changed));
      out.result(replayed, () => replayed.map(render).join("\n"));
      if (replayed.some(({ difference }) => difference !== undefined)) process.exitCode = 1;
    });
}

/** What is wrong with it is so for every history, and said once. */
function changedWorkflow(path: string): Workflow {
  const name = basename(path, ".star");
  const loaded = loadWorkflow(readProgram(path), { ...enginePorts, name });
  if (!loaded.ok) throw new CliError(`${path} does not load: ${loaded.error.message}`);
  return loaded.value;
}

function historyFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new CliError(`there is no ${path}`);
  if (!stats.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => join(path, name))
    .sort();
}

/** One of many that cannot be replayed does not keep the others from being replayed. */
function replay(path: string, changed: Workflow | undefined): Replayed {
  const parsed = readHistory(path);
  if (!parsed.ok) return { path, difference: parsed.error };
  const history: History = parsed.value;
  const { run, program } = history.head;
  const loaded = changed
    ? ok(changed)
    : loadWorkflow(program, { ...enginePorts, name: run.workflow, wasTaken: true });
  const about = { path, run: run.id, workflow: run.workflow, records: history.records.length };
  if (!loaded.ok) return { ...about, difference: loaded.error };
  const difference = firstDifference(loaded.value, history, enginePorts.sha256Hex);
  return { ...about, ...(difference === undefined ? {} : { difference }) };
}

function readHistory(path: string): Result<History> {
  try {
    return parseHistory(readFileSync(path, "utf8"));
  } catch (error) {
    return refuse("invalid_history", `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function render({ path, run, workflow, records, difference }: Replayed): string {
  const about = run === undefined ? "" : `  ${pc.dim(`${workflow} ${run}, ${records} records`)}`;
  const what = pc.bold(path) + about;
  if (!difference) return `${pc.green("✓")} ${what}`;
  // What an operator of a stuck run is told besides.
  const [message = ""] = difference.message.split("; the journal is untouched");
  const before = placeOf(difference.details?.expected);
  const place = before === undefined ? "" : `\n  ${pc.dim(`the history's call was made at ${before}`)}`;
  return `${pc.red("✗")} ${what}\n  ${printable(message)}${place}`;
}

/** `file:line:column` of a call in the details of a difference. */
function placeOf(call: unknown): string | undefined {
  const { position } = (call ?? {}) as { position?: { file: string; line: number; column: number } };
  return position && `${position.file}:${position.line}:${position.column}`;
}
