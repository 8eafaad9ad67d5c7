import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { executeFunction } from "../../runner/functions/execute-function.ts";
import type { Execution } from "../../runner/functions/execution.ts";
import { FunctionResolver } from "../../runner/functions/function-resolver.ts";
import { GitSource } from "../../runner/functions/git-source.ts";
import { parseReplacement } from "../../runner/functions/replacements.ts";
import { JobError } from "../../runner/job-error.ts";
import { machineEnvironment } from "../../runner/machine-environment.ts";
import type { Progress } from "../../src/protocol/job.ts";
import type { JsonObject } from "../../src/protocol/json.ts";

/** A folder of this test's own, removed when it is over. */
export async function aFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
  }
  return folder;
}

export function aResolver(root: string, rules: string[] = []): FunctionResolver {
  return new FunctionResolver({
    workspace: root,
    replacements: rules.map((rule) => parseReplacement(rule, root)),
    git: new GitSource({ cacheDir: join(root, ".cache") }),
  });
}

export interface Performed {
  outputs?: JsonObject;
  sensitive?: string[];
  /** Inputs that the Function called sensitive. */
  told: string[];
  error?: JobError;
  log: string;
  secrets: string[];
  progress: Progress[];
}

/** Runs the Function in `root/dir`, and records what happened. */
export async function perform(
  root: string,
  dir: string,
  inputs: JsonObject = {},
  overrides: Partial<Execution> = {},
  sensitive: string[] = [],
): Promise<Performed> {
  const performed: Performed = { log: "", told: [], secrets: [], progress: [] };
  const folder = await mkdtemp(join(root, ".run-"));
  await Promise.all(["work", "answers"].map((name) => mkdir(join(folder, name))));
  const execution: Execution = {
    resolver: aResolver(root),
    job: { id: "job-1" },
    idempotencyKey: "key",
    variables: {},
    environment: machineEnvironment(process.env),
    workDir: join(folder, "work"),
    fileDir: join(folder, "answers"),
    signal: new AbortController().signal,
    output: (chunk) => {
      performed.log += Buffer.from(chunk).toString();
    },
    outputEnd: () => {},
    say: (line) => {
      performed.log += `--- ${line}\n`;
    },
    hide: (secrets) => performed.secrets.push(...secrets),
    onSensitiveInputs: async (names) => void performed.told.push(...names),
    onProcessGroup: () => {},
    onProgress: (progress) => performed.progress.push(progress),
    tail: () => performed.log.trimEnd().split("\n").slice(-5).join("\n"),
    hasBash: true,
    ...overrides,
  };
  try {
    Object.assign(
      performed,
      await executeFunction(execution, { dir: join(root, dir), root }, { inputs, sensitive }),
    );
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    performed.error = error;
  }
  return performed;
}
