// Policy by OPA: Rego, compiled to WebAssembly, evaluated in this isolate.
//
// A decision follows from the bundle and from what the bundle reads of the input, and from nothing else: the build allows
// no rule that asks for the time or for chance. So the same question is evaluated once.
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { z } from "zod";
import type { JsonValue } from "../protocol/json.ts";
import { type Decision, type PolicyInput, verdictSchema } from "../protocol/policy.ts";
import type { PolicyEngine } from "./policy-engine.ts";
import { type Reads, readingOf } from "./reads.ts";

/** The one document the entrypoint of a bundle must produce. */
const documentSchema = z.strictObject({ verdict: verdictSchema, reasons: z.array(z.string()) });
/**
 * What WebAssembly memory starts with, in pages of 64 KiB, and how far an evaluation may grow it: 64 MiB, half an
 * isolate. That takes a mebibyte of inputs in any shape but millions of tiny values.
 */
const memory = { initial: 16, maximum: 1024 };
/** WebAssembly memory never shrinks, and the isolate is shared: an instance that grew beyond this is not kept. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** Answers that are kept, and UTF-16 units of the questions they are kept for: at most some megabytes an isolate. */
const MAX_ANSWERS = 1000;
const MAX_QUESTION = 2000;

const encoder = new TextEncoder();

type LoadedPolicy = Awaited<ReturnType<typeof loadPolicy>>;

export interface Bundle {
  /** A compiled module (in workerd, where nothing is compiled at run time), or its bytes. */
  wasm: WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes: kept with every decision. */
  digest: string;
  /** What it reads of the input. Default: all of it. */
  reads?: Reads;
}

type Verdict = Omit<Decision, "bundle">;

function interpret(results: unknown): Verdict {
  const document =
    Array.isArray(results) && results.length === 1 ? (results[0] as { result?: unknown }).result : undefined;
  if (document === undefined) return { verdict: "reject", reasons: ["the policy decided nothing"] };
  const parsed = documentSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  return {
    verdict: "reject",
    reasons: [`the policy's answer is not a decision: ${z.prettifyError(parsed.error)}`],
  };
}

/** OPA throws texts of its own where it aborts. */
function explain(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.startsWith("opa_malloc")) return "the function's inputs have too many values";
  if (text.includes("call stack")) return "the function's inputs are nested too deeply";
  return text;
}

/** An engine for one bundle. The first evaluation instantiates it, in about a millisecond. */
export function createOpaEngine(bundle: Bundle): PolicyEngine {
  let loading: Promise<LoadedPolicy> | undefined;
  let loaded: LoadedPolicy | undefined;
  const readingIn = readingOf(bundle.reads ?? [[]]);
  /** By question; the oldest goes first. */
  const answers = new Map<string, Verdict>();
  const forget = () => {
    loading = undefined;
    loaded = undefined;
  };
  /** An instance that trapped may have left its memory in any state: the next evaluation gets a new one. */
  const rejected = (error: unknown): Decision => {
    forget();
    return {
      verdict: "reject",
      reasons: [`the policy could not be evaluated: ${explain(error)}`],
      bundle: bundle.digest,
    };
  };
  const keep = (question: string, verdict: Verdict) => {
    if (question.length > MAX_QUESTION) return;
    const oldest = answers.keys().next().value;
    if (answers.size >= MAX_ANSWERS && oldest !== undefined) answers.delete(oldest);
    answers.set(question, verdict);
  };
  const verdictOf = (policy: LoadedPolicy, input: PolicyInput): Verdict => {
    const question = readingIn(input as unknown as JsonValue);
    const known = answers.get(question);
    if (known) return known;
    const verdict = interpret(policy.evaluate(encoder.encode(question).buffer));
    if (policy.mem.buffer.byteLength > KEPT_BYTES) forget();
    keep(question, verdict);
    return verdict;
  };
  const evaluateIn = (policy: LoadedPolicy, input: PolicyInput): Decision => {
    try {
      return { ...verdictOf(policy, input), bundle: bundle.digest };
    } catch (error) {
      return rejected(error);
    }
  };
  const load = async (): Promise<LoadedPolicy> => {
    loading ??= loadPolicy(bundle.wasm as ArrayBuffer, memory);
    const mine = loading;
    const policy = await mine;
    if (loading === mine) loaded = policy;
    return policy;
  };
  return {
    async load(): Promise<void> {
      // What keeps it from loading is the answer to whoever evaluates.
      await load().catch(forget);
    },
    async evaluate(input: PolicyInput): Promise<Decision> {
      try {
        return evaluateIn(await load(), input);
      } catch (error) {
        return rejected(error);
      }
    },
    evaluateAtOnce: (input) => loaded && evaluateIn(loaded, input),
  };
}
