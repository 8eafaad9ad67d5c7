// The files by which a Function answers: JSON lines `{"name": …, "value": …}` in output_file and export_file.
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { type Progress, progressSchema } from "../../src/protocol/job.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import { JobError } from "../job-error.ts";

const MAX_FILE_BYTES = 4 << 20;

const lineSchema = z.strictObject({ name: z.string().min(1), value: z.json() });
const reportedErrorSchema = z.strictObject({
  code: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, "a code is up to 100 letters, digits, '_', '-' or '.'"),
  message: z.string().default(""),
  retryable: z.boolean().optional(),
  details: z.record(z.string(), z.json()).optional(),
});

function invalid(line: number, why: string): JobError {
  return new JobError("InvalidOutputs", `line ${line} of the output file ${why}`, { retryable: false });
}

function readLine(text: string, line: number): { name: string; value: JsonValue } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(line, 'is not JSON: each line must be {"name": …, "value": …}');
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) throw invalid(line, 'is not {"name": …, "value": …}');
  return parsed.data;
}

function readError(value: JsonValue, line: number): JobError {
  const parsed = reportedErrorSchema.safeParse(value);
  if (!parsed.success) {
    throw invalid(line, `reports an error that cannot be read: ${parsed.error.issues[0]?.message ?? ""}`);
  }
  const { code, message, retryable, details } = parsed.data;
  return new JobError(code, message, {
    ...(retryable === undefined ? {} : { retryable }),
    ...(details === undefined ? {} : { details }),
  });
}

async function readWhole(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) {
      throw new JobError("PayloadTooLarge", `the output file is larger than ${MAX_FILE_BYTES} bytes`, {
        retryable: false,
      });
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

export interface Answer {
  outputs: JsonObject;
  /** What the Function itself says went wrong. */
  error?: JobError;
}

/**
 * Reads an output file. Of several lines of one name the last counts. Lines called `error` and `progress` are
 * messages to the runner and no outputs.
 *
 * @throws JobError `InvalidOutputs` naming the line
 */
export async function readAnswer(path: string): Promise<Answer> {
  const answer: Answer = { outputs: {} };
  for (const [index, text] of (await readWhole(path)).split("\n").entries()) {
    if (text.trim() === "") continue;
    const { name, value } = readLine(text, index + 1);
    if (name === "progress") continue;
    if (name === "error") answer.error = readError(value, index + 1);
    else answer.outputs[name] = value;
  }
  return answer;
}

/** Reads an export file: environment variables for the steps that follow. */
export async function readExports(path: string): Promise<Record<string, string>> {
  const exported: Record<string, string> = {};
  for (const [index, text] of (await readWhole(path)).split("\n").entries()) {
    if (text.trim() === "") continue;
    const { name, value } = readLine(text, index + 1);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalid(index + 1, `exports the variable "${name}"`);
    if (value === null || typeof value === "object") {
      throw invalid(index + 1, `exports ${name}, which is neither text nor number nor boolean`);
    }
    exported[name] = String(value);
  }
  return exported;
}

/** Follows an output file for progress lines while the Function runs. */
export class ProgressReader {
  readonly #path: string;
  #offset = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The latest progress that was written since the last call; undefined when there is none. */
  async read(): Promise<Progress | undefined> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, "r");
      const buffer = Buffer.alloc(64 * 1024);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = (lines.pop() ?? "").slice(-buffer.length);
      return lines.map(progressOf).findLast((progress) => progress !== undefined);
    } catch {
      // Progress is a courtesy; what is wrong with the file is said when the Function has ended.
      return undefined;
    } finally {
      await file?.close();
    }
  }
}

function progressOf(line: string): Progress | undefined {
  if (!line.includes('"progress"')) return undefined;
  try {
    const parsed = z
      .object({ name: z.literal("progress"), value: progressSchema })
      .safeParse(JSON.parse(line));
    return parsed.success ? parsed.data.value : undefined;
  } catch {
    return undefined;
  }
}
