// Runs one command or script of a Function, and reads what it answers.
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../src/protocol/json.ts";
import { scalar, textOf } from "../expressions/value.ts";
import { JobError } from "../job-error.ts";
import { runInProcessGroup } from "../process-group.ts";
import { Evaluation } from "./evaluation.ts";
import { baseScope, type Execution, type Frame, texts } from "./execution.ts";
import type { Path } from "./load-function.ts";
import { ProgressReader, readAnswer, readExports } from "./message-file.ts";

const PROGRESS_EVERY_MS = 500;

interface Command {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
}

async function runCommand(execution: Execution, command: Command, outputFile: string): Promise<void> {
  const progress = new ProgressReader(outputFile);
  let reading: Promise<void> | undefined;
  const timer = setInterval(() => {
    reading ??= progress.read().then((latest) => {
      if (latest) execution.onProgress(latest);
      reading = undefined;
    });
  }, PROGRESS_EVERY_MS);
  try {
    const ended = await runInProcessGroup({
      command: command.argv,
      cwd: command.cwd,
      env: command.env,
      signal: execution.signal,
      onOutput: execution.output,
      onStart: execution.onProcessGroup,
      killGraceMs: execution.killGraceMs,
    });
    execution.outputEnd();
    execution.signal.throwIfAborted();
    const { error } = await readAnswer(outputFile);
    if (error) throw error;
    if (ended.code === 0) return;
    const how = ended.code === null ? `was ended by ${ended.signal}` : `exited with code ${ended.code}`;
    const tail = execution.tail();
    throw new JobError("FunctionFailed", `the command ${how}${tail === "" ? "" : `:\n${tail}`}`, {
      details: { exit_code: ended.code, ...(ended.signal === null ? {} : { signal: ended.signal }) },
    });
  } finally {
    clearInterval(timer);
    await reading;
    execution.onProcessGroup(undefined);
  }
}

/** What a definition, or a step of one, says to run. */
type Executable = { exec: { command: string[]; work_dir?: string | undefined } } | { script: string };

/** Runs it, with fresh files to answer in. `path` says where in the definition it stands. Returns the outputs. */
export async function execute(
  execution: Execution,
  frame: Frame,
  what: Executable,
  env: Record<string, string>,
  path: Path,
): Promise<JsonObject> {
  const { fn, exported } = frame;
  const folder = await mkdtemp(join(execution.fileDir, "answer-"));
  const outputFile = join(folder, "output.jsonl");
  const exportFile = join(folder, "export.jsonl");
  await Promise.all([outputFile, exportFile].map((file) => writeFile(file, "", { mode: 0o600 })));
  const scope = baseScope(execution, frame);
  scope.set("output_file", scalar(outputFile));
  scope.set("export_file", scalar(exportFile));
  const variables = {
    ...execution.environment,
    ...execution.variables,
    SLUICE_IDEMPOTENCY_KEY: [execution.idempotencyKey, ...frame.steps].join("/"),
    ...exported,
    ...frame.inherited,
    ...new Evaluation(fn, scope, execution.hide).env(env, ["env"]),
  };
  scope.set("env", texts(variables));
  const command = commandOf(execution, new Evaluation(fn, scope, execution.hide), what, variables, path);
  await runCommand(execution, command, outputFile);
  Object.assign(exported, await readExports(exportFile));
  return (await readAnswer(outputFile)).outputs;
}

function commandOf(
  { workDir, hasBash }: Execution,
  evaluation: Evaluation,
  what: Executable,
  variables: Record<string, string>,
  path: Path,
): Command {
  if ("exec" in what) {
    const { command, work_dir: cwd } = what.exec;
    return {
      argv: command.map((text, index) => textOf(evaluation.text(text, [...path, "exec", "command", index]))),
      cwd: cwd === undefined ? workDir : textOf(evaluation.text(cwd, [...path, "exec", "work_dir"])),
      env: variables,
    };
  }
  const { script, env } = evaluation.script(what.script, [...path, "script"]);
  const shell = hasBash ? ["bash", "-eu", "-o", "pipefail", "-c"] : ["sh", "-eu", "-c"];
  return { argv: [...shell, script], cwd: workDir, env: { ...variables, ...env } };
}
