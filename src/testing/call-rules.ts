// What the calls of the workflows under test come to: the rules of `t.on_run`, of which the newest that fits counts.
import type { JobOutcome } from "../protocol/job.ts";
import type { JsonObject } from "../protocol/json.ts";

/** A call of a Function, as policy and rules see it. */
export interface Call {
  reference: string;
  inputs: JsonObject;
  /** Named by the script. */
  environment: string | undefined;
}

export interface CallRule {
  /** A reference; without its version it fits every version; with a `*` at its end, everything that begins so. */
  reference: string;
  fitsInputs(inputs: JsonObject): boolean;
  /** How an attempt ends. `lost`: its runner died. */
  outcome(inputs: JsonObject): JobOutcome | "lost";
  takesMs: number;
  /** Why policy holds the call until somebody approves it; empty: it does not. */
  holds: readonly string[];
  /** Why policy rejects the call; empty: it does not. */
  rejects: readonly string[];
  /** The environment that governs the call where the script names none. */
  environment: string | undefined;
  /** Attempts it answers; then older rules do. */
  times: number;
  /** The inputs of the attempts it answered. */
  readonly answered: JsonObject[];
}

export class CallRules {
  readonly #rules: CallRule[] = [];

  add(rule: CallRule): void {
    this.#rules.push(rule);
  }

  /** The rule for a call; undefined when there is none. */
  find({ reference, inputs }: Call): CallRule | undefined {
    return this.#rules.findLast(
      (rule) =>
        rule.answered.length < rule.times &&
        fitsReference(rule.reference, reference) &&
        rule.fitsInputs(inputs),
    );
  }

  get references(): string[] {
    return [...new Set(this.#rules.map(({ reference }) => reference))];
  }
}

function fitsReference(pattern: string, reference: string): boolean {
  if (pattern.endsWith("*")) return reference.startsWith(pattern.slice(0, -1));
  return reference === pattern || reference.slice(0, reference.lastIndexOf("@")) === pattern;
}
