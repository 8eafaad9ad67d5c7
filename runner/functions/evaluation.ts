// Evaluates what a Function's definition says: its expressions, with errors that say where in func.yml they stand.
import type { JsonValue } from "../../src/protocol/json.ts";
import { evaluate, evaluateText } from "../expressions/evaluate.ts";
import { parseTemplate } from "../expressions/parser.ts";
import { ExpressionError } from "../expressions/syntax.ts";
import { isSensitive, object, scalar, secretsIn, textOf, type Value } from "../expressions/value.ts";
import { JobError } from "../job-error.ts";
import type { LoadedFunction, Path } from "./load-function.ts";

/** Values by name, each knowing whether it is secret. */
export type Values = ReadonlyMap<string, Value>;
/** Told every secret that comes out of an expression, so that it is masked from then on. */
export type Hide = (secrets: Iterable<string>) => void;

/** Evaluates a text of the definition; an error says where it stands. Secrets that come out are masked from now on. */
export function evaluated(hide: Hide, fn: LoadedFunction, scope: Values, text: string, path: Path): Value {
  try {
    const value = evaluateText(text, scope);
    if (isSensitive(value)) hide(secretsIn(value));
    return value;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new JobError(error.code, `${fn.where(path)}: ${error.message} (character ${error.at + 1})`, {
      retryable: false,
    });
  }
}

export function evaluatedDeep(
  hide: Hide,
  fn: LoadedFunction,
  scope: Values,
  json: JsonValue,
  path: Path,
): Value {
  if (typeof json === "string") return evaluated(hide, fn, scope, json, path);
  if (Array.isArray(json)) {
    const items = json.map((item, index) => evaluatedDeep(hide, fn, scope, item, [...path, index]));
    return { kind: "array", items, sensitive: false };
  }
  if (json !== null && typeof json === "object") {
    return object(
      Object.entries(json).map(
        ([key, item]) => [key, evaluatedDeep(hide, fn, scope, item, [...path, key])] as const,
      ),
    );
  }
  return scalar(json);
}

export function evaluatedEnv(
  hide: Hide,
  fn: LoadedFunction,
  scope: Values,
  env: Record<string, string>,
  path: Path,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, text]) => [
      name,
      textOf(evaluated(hide, fn, scope, text, [...path, name])),
    ]),
  );
}

/**
 * A script whose expressions have become shell variables, so that no value is ever read as shell code. In single
 * quotes, where the shell replaces nothing, an expression therefore stays unreplaced.
 */
export function scriptWithVariables(
  hide: Hide,
  fn: LoadedFunction,
  scope: Values,
  script: string,
  path: Path,
): { script: string; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const parts = parseTemplate(script).map((part) => {
    if (typeof part === "string") return part;
    const name = `SLUICE_EXPRESSION_${Object.keys(env).length + 1}`;
    try {
      const value = evaluate(part, scope);
      if (isSensitive(value)) hide(secretsIn(value));
      env[name] = textOf(value);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new JobError(error.code, `${fn.where(path)}: ${error.message}`, { retryable: false });
    }
    return `\${${name}}`;
  });
  return { script: parts.join(""), env };
}
