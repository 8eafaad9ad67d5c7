// What a `run` command's arguments say, with the defaults of what they leave out.
import { BUILTIN_SCHEME } from "../../../protocol/function-reference.ts";
import type { JsonObject } from "../../../protocol/json.ts";
import { DEFAULT_ATTEMPT_TIMEOUT_MS } from "../../limits.ts";
import type { RunCommand } from "./command.ts";

/** The arguments of `run` as they are journaled; written by w/run.ts. */
interface CallArguments {
  inputs: JsonObject;
  sensitive?: string[];
  environment?: string;
  retry?: { attempts?: number; initialMs?: number; factor?: number; maxMs?: number; final?: string[] };
  timeoutMs?: number;
  deadlineMs?: number;
  tags?: string[];
}

export interface CallOptions {
  inputs: JsonObject;
  sensitive: string[] | undefined;
  environment: string | undefined;
  timeoutMs: number;
  deadlineMs: number | undefined;
  tags: string[];
  retry: { attempts: number; initialMs: number; factor: number; maxMs: number; final: string[] };
}

/** One attempt unless `retry` is given; with it three, 1 s, 2 s … 1 min apart. */
export function callOptions({ args }: RunCommand): CallOptions {
  const { inputs, sensitive, environment, retry, timeoutMs, deadlineMs, tags } =
    args as unknown as CallArguments;
  return {
    inputs,
    sensitive,
    environment,
    timeoutMs: timeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS,
    deadlineMs,
    tags: tags ?? [],
    retry: {
      attempts: retry ? (retry.attempts ?? 3) : 1,
      initialMs: retry?.initialMs ?? 1000,
      factor: retry?.factor ?? 2,
      maxMs: retry?.maxMs ?? 60_000,
      final: retry?.final ?? [],
    },
  };
}

/** The name after `builtin://`; undefined for a Function that a runner executes. */
export function builtinName(reference: string): string | undefined {
  return reference.startsWith(BUILTIN_SCHEME) ? reference.slice(BUILTIN_SCHEME.length) : undefined;
}

/** How long to wait after the n-th failure (from 1). */
export function backoffMs({ initialMs, factor, maxMs }: CallOptions["retry"], failures: number): number {
  return Math.round(Math.min(initialMs * factor ** (failures - 1), maxMs));
}
