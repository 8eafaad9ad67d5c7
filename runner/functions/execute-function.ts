// Runs a loaded Function: a command, a script, or a list of steps that are Functions themselves.
import {
  bindInputs,
  bindOutputs,
  type Declaration,
  type StepDefinition,
} from "../../src/protocol/function-format.ts";
import { parseFunctionReference, parseReferenceObject } from "../../src/protocol/function-reference.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePlace } from "../../src/protocol/place.ts";
import type { Result } from "../../src/protocol/result.ts";
import {
  fromJson,
  object,
  secretPlaces,
  secretsIn,
  taintedAt,
  toJson,
  type Value,
} from "../expressions/value.ts";
import { JobError } from "../job-error.ts";
import { Evaluation, type Values } from "./evaluation.ts";
import { execute } from "./execute-command.ts";
import { baseScope, type Execution, type Frame } from "./execution.ts";
import { type FunctionFolder, loadFunction } from "./load-function.ts";

/** A Function may call Functions this deep; deeper is a circle. */
const MAX_DEPTH = 16;

function unwrap<T>(result: Result<T>, code?: string): T {
  if (result.ok) return result.value;
  throw new JobError(code ?? result.error.code, result.error.message, { retryable: false });
}

function valuesOf(json: JsonObject): Values {
  return new Map(Object.entries(json).map(([name, one]) => [name, fromJson(one)]));
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

/** What a step finds: its place in the definition, and the variables of the Function that it belongs to. */
interface StepSurroundings {
  index: number;
  evaluation: Evaluation;
  env: Record<string, string>;
}

async function runStep(
  execution: Execution,
  frame: Frame,
  step: StepDefinition,
  { index, evaluation, env }: StepSurroundings,
): Promise<Values> {
  const path = ["run", index];
  execution.say(`step ${step.name}`);
  const inherited = { ...frame.inherited, ...env, ...evaluation.env(step.env, [...path, "env"]) };
  const steps = [...frame.steps, step.name];
  if (step.script !== undefined) {
    const { script } = step;
    return valuesOf(await execute(execution, { ...frame, inherited, steps }, { script }, {}, path));
  }
  const written = step.func ?? step.step ?? "";
  const reference = unwrap(
    typeof written === "string" ? parseFunctionReference(written) : parseReferenceObject(written),
    "InvalidFunction",
  );
  const inputs = new Map(
    Object.entries(step.inputs).map(([name, json]) => [
      name,
      evaluation.deep(json, [...path, "inputs", name]),
    ]),
  );
  const folder = await execution.resolver.resolve(reference, { from: frame.fn, signal: execution.signal });
  const fn = await loadFunction(folder);
  return await call(execution, { fn, inputs, inherited, exported: frame.exported, steps });
}

async function runSteps(execution: Execution, frame: Frame, steps: StepDefinition[]): Promise<Values> {
  const { fn } = frame;
  const results = new Map<string, Value>();
  const done = new Map<string, Values>();
  // Steps see what earlier ones exported, so the scope is built anew for each.
  const surroundings = () => {
    const scope = baseScope(execution, frame);
    const env = new Evaluation(fn, scope, execution.hide).env(fn.definition.env, ["env"]);
    scope.set("steps", object(results));
    return { evaluation: new Evaluation(fn, scope, execution.hide), env };
  };
  for (const [index, step] of steps.entries()) {
    const outputs = await runStep(execution, frame, step, { index, ...surroundings() });
    done.set(step.name, outputs);
    results.set(step.name, object([["outputs", object(outputs)] as const]));
  }
  const { delegate } = fn.definition;
  if (delegate !== undefined) return done.get(delegate) ?? new Map();
  const { evaluation } = surroundings();
  return new Map(
    Object.entries(fn.definition.outputs).map(([name, json]) => [
      name,
      evaluation.deep(json, ["outputs", name]),
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
    outputs = valuesOf(await execute(execution, frame, what, definition.env, []));
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
