// What is known while a Function runs: the job that it runs for, the call, and the values that expressions name.
import type { Progress } from "../../src/protocol/job.ts";
import { object, scalar, type Value } from "../expressions/value.ts";
import type { Hide, Values } from "./evaluation.ts";
import type { FunctionResolver } from "./function-resolver.ts";
import type { LoadedFunction } from "./load-function.ts";

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
  hide: Hide;
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

/** One call of a Function. */
export interface Frame {
  fn: LoadedFunction;
  inputs: Values;
  /** Variables from the calling `run` lists, outermost first overridden by inner. */
  inherited: Record<string, string>;
  /** Variables that earlier steps exported; shared by the whole job. */
  exported: Record<string, string>;
  /** Names of the steps that led here. */
  steps: readonly string[];
}

export function texts(record: Record<string, string>): Value {
  return object(Object.entries(record).map(([name, text]) => [name, scalar(text)] as const));
}

/** What expressions of a Function know whatever part of it runs. */
export function baseScope(execution: Execution, frame: Frame): Map<string, Value> {
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
