// What a `policy_decision` note says, in two: what it says of every such call, and the inputs and the time of this one.
// The document that policy was asked about is most of what a call leaves in the journal, and hardly differs from one to
// the next.
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/protocol/json.ts";
import { isSameText } from "../../src/workflow/canonical-json.ts";

/** The members of a decision, of its input and of that one's function, in the order in which they are written. */
const DATA = ["round", "verdict", "reasons", "bundle", "environment", "trustScore", "input"];
const INPUT = ["function", "environment", "caller", "approvals", "time"];
const FUNCTION = ["reference", "name", "version", "inputs", "trust_score"];

/** One that says nothing else, in no other order. */
export interface DecisionData extends JsonObject {
  round: JsonValue;
  verdict: JsonValue;
  reasons: JsonValue;
  bundle: JsonValue;
  environment: JsonValue;
  trustScore: JsonValue;
  input: {
    function: {
      reference: JsonValue;
      name: JsonValue;
      version: JsonValue;
      inputs: JsonObject;
      trust_score: JsonValue;
    };
    environment: JsonValue;
    caller: JsonValue;
    approvals: JsonValue;
    time: string;
  };
}

/** An object with these members, in this order. */
function has(value: JsonValue | undefined, members: readonly string[]): value is JsonObject {
  if (!isJsonObject(value)) return false;
  let count = 0;
  for (const name in value) {
    if (name !== members[count]) return false;
    count += 1;
  }
  return count === members.length;
}

export function isDecisionData(data: JsonObject): data is DecisionData {
  const { input } = data;
  if (!has(data, DATA) || !has(input, INPUT) || !has(input.function, FUNCTION)) return false;
  return typeof input.time === "string" && isJsonObject(input.function.inputs);
}

/** Whether nothing but the inputs and the time differs. */
export function isSameDecision(a: DecisionData, b: DecisionData): boolean {
  const [f, g] = [a.input.function, b.input.function];
  return (
    a.round === b.round &&
    a.verdict === b.verdict &&
    a.bundle === b.bundle &&
    a.environment === b.environment &&
    a.trustScore === b.trustScore &&
    f.reference === g.reference &&
    f.name === g.name &&
    f.version === g.version &&
    f.trust_score === g.trust_score &&
    isSameText(a.reasons, b.reasons) &&
    isSameText(a.input.environment, b.input.environment) &&
    isSameText(a.input.caller, b.input.caller) &&
    isSameText(a.input.approvals, b.input.approvals)
  );
}

/** A decision without its inputs and its time, as it is stored. */
export function withoutCall(data: DecisionData): JsonObject {
  const { inputs: _inputs, ...fn } = data.input.function;
  const { time: _time, ...input } = data.input;
  return { ...data, input: { ...input, function: fn } };
}

/** The decision of a call: what was stored, with the call's inputs and its time. What is stored is shared, not copied. */
export function withCall(stored: JsonObject, inputs: JsonObject, time: string): JsonObject {
  const { round, verdict, reasons, bundle, environment, trustScore, input } = stored as DecisionData;
  const { reference, name, version, trust_score } = input.function;
  return {
    round,
    verdict,
    reasons,
    bundle,
    environment,
    trustScore,
    input: {
      function: { reference, name, version, inputs, trust_score },
      environment: input.environment,
      caller: input.caller,
      approvals: input.approvals,
      time,
    },
  };
}
