// Runs a loaded Function: a command, a script, or a list of steps that are Functions themselves.
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bindInputs,
  bindOutputs,
  type Declaration,
  type StepDefinition,
} from "../../src/protocol/function-format.ts";
import { parseFunctionReference, parseReferenceObject } from "../../src/protocol/function-reference.ts";
import type { Progress } from "../../src/protocol/job.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePlace } from "../../src/protocol/place.ts";
import type { Result } from "../../src/protocol/result.ts";
import {
  fromJson,
  object,
  scalar,
  secretPlaces,
  secretsIn,
  taintedAt,
  textOf,
  toJson,
  type Value,
} from "../expressions/value.ts";
import { JobError } from "../job-error.ts";
import { runInProcessGroup } from "../process-group.ts";
import { evaluated, evaluatedDeep, evaluatedEnv, scriptWithVariables, type Values } from "./evaluation.ts";
import type { FunctionResolver } from "./function-resolver.ts";
import { type FunctionFolder, type LoadedFunction, loadFunction, type Path } from "./load-function.ts";
import { ProgressReader, readAnswer, readExports } from "./message-file.ts";

/** A Function may call Functions this deep; deeper is a circle. */
const MAX_DEPTH = 16;
const PROGRESS_EVERY_MS = 500;

/** What an execution is given by the job it belongs to. */
export interface Execution {
  resolver: FunctionResolver;
  /** `job.…` of expressions. */
  job: Record<string, string>;
  /** `vars.…` of expressions, and variables of every command. */
  variables: Record<string, string>;
  /** Given to every command; steps of a list get it with their names appended, since each is a call of its own. */
  idempotencyKey: string;
  /** The machine's variables that commands get. */
  environment: Record<string, string>;
  workDir: string;
  /** Where output and export files are made: not in `workDir`, which is the Function's. */
  fileDir: string;
  signal: AbortSignal;
  output: (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
  /** The output of one command is over. */
  outputEnd: () => void;
  say: (line: string) => void;
  hide: (secrets: Iterable<string>) => void;
  /** The Function calls these inputs sensitive; resolved when the server knows. Nothing is begun before. */
  onSensitiveInputs: (names: string[]) => Promise<void>;
  onProcessGroup: (leader: number | undefined) => void;
  onProgress: (progress: Progress) => void;
  /** The last lines of the log. */
  tail: () => string;
  /** Whether there is a bash; without one scripts are run by sh. */
  hasBash: boolean;
  /** Between asking a command to end and ending it; undefined for the usual. */
  killGraceMs?: number | undefined;
}

interface Frame {
  fn: LoadedFunction;
  inputs: Values;
  /** Variables from the calling `run` lists, outermost first overridden by inner. */
  inherited: Record<string, string>;
  /** Variables that earlier steps exported; shared by the whole job. */
  exported: Record<string, string>;
  /** Names of the steps that led here. */
  steps: readonly string[];
}

function unwrap<T>(result: Result<T>, code?: string): T {
  if (result.ok) return result.value;
  throw new JobError(code ?? result.error.code, result.error.message, { retryable: false });
}

function jsonOf(values: Values): JsonObject {
  return Object.fromEntries([...values].map(([name, value]) => [name, toJson(value)]));
}

/** Checks values against their declarations, which may make them secret. */
function declared(
  check: typeof bindInputs,
  declarations: Record<string, Declaration>,
  given: Values,
): Map<string, Value> {
  const bound = unwrap(check(declarations, jsonOf(given)));
  return new Map(
    Object.entries(bound).map(([name, json]) => {
      const value = given.get(name);
      const isSecret = declarations[name]?.sensitive === true;
      return [name, value && !isSecret ? value : fromJson(json, isSecret)];
    }),
  );
}

function baseScope(execution: Execution, frame: Frame): Map<string, Value> {
  const texts = (record: Record<string, string>) =>
    object(Object.entries(record).map(([name, text]) => [name, scalar(text)] as const));
  const { fn, inherited, exported } = frame;
  return new Map<string, Value>([
    ["inputs", object(frame.inputs)],
    ["env", texts({ ...execution.environment, ...execution.variables, ...exported, ...inherited })],
    ["vars", texts(execution.variables)],
    ["job", texts(execution.job)],
    ["func_dir", scalar(fn.dir)],
    ["step_dir", scalar(fn.dir)],
    ["work_dir", scalar(execution.workDir)],
  ]);
}

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

/** Runs what the definition says to run: an `exec` or a `script`, with fresh files to answer in. */
async function runLeaf(
  execution: Execution,
  frame: Frame,
  what: { exec: { command: string[]; work_dir?: string | undefined } } | { script: string },
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
    ...evaluatedEnv(execution.hide, fn, scope, env, ["env"]),
  };
  scope.set("env", object(Object.entries(variables).map(([name, text]) => [name, scalar(text)] as const)));
  let command: Command;
  if ("exec" in what) {
    const argv = what.exec.command.map((text, index) =>
      textOf(evaluated(execution.hide, fn, scope, text, [...path, "exec", "command", index])),
    );
    const cwd =
      what.exec.work_dir === undefined
        ? execution.workDir
        : textOf(evaluated(execution.hide, fn, scope, what.exec.work_dir, [...path, "exec", "work_dir"]));
    command = { argv, cwd, env: variables };
  } else {
    const { script, env: values } = scriptWithVariables(execution.hide, fn, scope, what.script, [
      ...path,
      "script",
    ]);
    const shell = execution.hasBash ? ["bash", "-eu", "-o", "pipefail", "-c"] : ["sh", "-eu", "-c"];
    command = { argv: [...shell, script], cwd: execution.workDir, env: { ...variables, ...values } };
  }
  await runCommand(execution, command, outputFile);
  Object.assign(exported, await readExports(exportFile));
  return (await readAnswer(outputFile)).outputs;
}

async function runStep(
  execution: Execution,
  frame: Frame,
  step: StepDefinition,
  index: number,
  scope: Values,
  env: Record<string, string>,
): Promise<Values> {
  const { fn } = frame;
  const path = ["run", index];
  execution.say(`step ${step.name}`);
  const stepEnv = evaluatedEnv(execution.hide, fn, scope, step.env, [...path, "env"]);
  const inherited = { ...frame.inherited, ...env, ...stepEnv };
  const steps = [...frame.steps, step.name];
  if (step.script !== undefined) {
    const outputs = await runLeaf(
      execution,
      { ...frame, inherited, steps },
      { script: step.script },
      {},
      path,
    );
    return new Map(Object.entries(outputs).map(([name, json]) => [name, fromJson(json)]));
  }
  const written = step.func ?? step.step ?? "";
  const reference = unwrap(
    typeof written === "string" ? parseFunctionReference(written) : parseReferenceObject(written),
    "InvalidFunction",
  );
  const inputs = new Map(
    Object.entries(step.inputs).map(([name, json]) => [
      name,
      evaluatedDeep(execution.hide, fn, scope, json, [...path, "inputs", name]),
    ]),
  );
  const folder = await execution.resolver.resolve(reference, { from: fn, signal: execution.signal });
  const called = await loadFunction(folder);
  return await call(execution, {
    fn: called,
    inputs,
    inherited,
    exported: frame.exported,
    steps,
  });
}

async function runSteps(execution: Execution, frame: Frame, steps: StepDefinition[]): Promise<Values> {
  const { fn } = frame;
  const results = new Map<string, Value>();
  const done = new Map<string, Values>();
  // Steps see what earlier ones exported, so the scope is built anew for each.
  const scopeNow = () => {
    const scope = baseScope(execution, frame);
    const env = evaluatedEnv(execution.hide, fn, scope, fn.definition.env, ["env"]);
    return { scope: scope.set("steps", object(results)), env };
  };
  for (const [index, step] of steps.entries()) {
    const { scope, env } = scopeNow();
    const outputs = await runStep(execution, frame, step, index, scope, env);
    done.set(step.name, outputs);
    results.set(step.name, object([["outputs", object(outputs)] as const]));
  }
  const { delegate } = fn.definition;
  if (delegate !== undefined) return done.get(delegate) ?? new Map();
  const { scope } = scopeNow();
  return new Map(
    Object.entries(fn.definition.outputs).map(([name, json]) => [
      name,
      evaluatedDeep(execution.hide, fn, scope, json, ["outputs", name]),
    ]),
  );
}

async function call(execution: Execution, given: Frame): Promise<Values> {
  const { fn } = given;
  if (given.steps.length >= MAX_DEPTH) {
    throw new JobError("InvalidFunction", `functions call each other more than ${MAX_DEPTH} deep`, {
      retryable: false,
    });
  }
  const inputs = declared(bindInputs, fn.spec.inputs, given.inputs);
  for (const value of inputs.values()) execution.hide(secretsIn(value));
  const frame = { ...given, inputs };
  const { definition } = fn;
  const steps = definition.run ?? definition.steps;
  let outputs: Values;
  if (steps) outputs = await runSteps(execution, frame, steps);
  else {
    const what = definition.exec ? { exec: definition.exec } : { script: definition.script ?? "" };
    const written = await runLeaf(execution, frame, what, definition.env, []);
    outputs = new Map(Object.entries(written).map(([name, json]) => [name, fromJson(json)]));
  }
  return fn.spec.outputs === "delegate" ? outputs : declared(bindOutputs, fn.spec.outputs, outputs);
}

/** What a Function returned, and the places in it that are sensitive. */
export interface Performed {
  outputs: JsonObject;
  sensitive: string[];
}

/**
 * Runs the Function in a folder with inputs, some places of which may be sensitive, and returns its outputs, checked
 * against the declared types.
 *
 * @throws JobError with the code of what went wrong; whatever `signal` was aborted with
 */
export async function executeFunction(
  execution: Execution,
  folder: FunctionFolder,
  { inputs, sensitive = [] }: { inputs: JsonObject; sensitive?: readonly string[] | undefined },
): Promise<Performed> {
  const fn = await loadFunction(folder);
  const named = Object.keys(inputs).filter((name) => fn.spec.inputs[name]?.sensitive === true);
  if (named.length > 0) await execution.onSensitiveInputs(named);
  execution.signal.throwIfAborted();
  const given = taintedAt(fromJson(inputs), sensitive.map(parsePlace));
  const outputs = object(
    await call(execution, { fn, inputs: fieldsOf(given), inherited: {}, exported: {}, steps: [] }),
  );
  return { outputs: toJson(outputs) as JsonObject, sensitive: secretPlaces(outputs) };
}

function fieldsOf(value: Value): Map<string, Value> {
  return value.kind === "object" ? value.fields : new Map();
}
