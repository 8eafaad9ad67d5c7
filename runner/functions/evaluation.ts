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

/** Evaluates parts of one Function's definition, each at its path in it, where the values of a scope are known. */
export class Evaluation {
  readonly #fn: LoadedFunction;
  readonly #scope: Values;
  readonly #hide: Hide;

  constructor(fn: LoadedFunction, scope: Values, hide: Hide) {
    this.#fn = fn;
    this.#scope = scope;
    this.#hide = hide;
  }

  text(text: string, path: Path): Value {
    return this.#found(path, () => evaluateText(text, this.#scope));
  }

  /** Every text in the value. */
  deep(json: JsonValue, path: Path): Value {
    if (typeof json === "string") return this.text(json, path);
    if (Array.isArray(json)) {
      const items = json.map((item, index) => this.deep(item, [...path, index]));
      return { kind: "array", items, sensitive: false };
    }
    if (json !== null && typeof json === "object") {
      return object(
        Object.entries(json).map(([key, item]) => [key, this.deep(item, [...path, key])] as const),
      );
    }
    return scalar(json);
  }

  /** Variables of the environment. */
  env(env: Record<string, string>, path: Path): Record<string, string> {
    return Object.fromEntries(
      Object.entries(env).map(([name, text]) => [name, textOf(this.text(text, [...path, name]))]),
    );
  }

  /**
   * A script whose expressions have become shell variables, so that no value is ever read as shell code. In single
   * quotes, where the shell replaces nothing, an expression therefore stays unreplaced.
   */
  script(script: string, path: Path): { script: string; env: Record<string, string> } {
    const env: Record<string, string> = {};
    const parts = parseTemplate(script).map((part) => {
      if (typeof part === "string") return part;
      const name = `SLUICE_EXPRESSION_${Object.keys(env).length + 1}`;
      env[name] = textOf(this.#found(path, () => evaluate(part, this.#scope)));
      return `\${${name}}`;
    });
    return { script: parts.join(""), env };
  }

  #found(path: Path, evaluateHere: () => Value): Value {
    try {
      const value = evaluateHere();
      if (isSensitive(value)) this.#hide(secretsIn(value));
      return value;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const where = `${this.#fn.where(path)}: ${error.message} (character ${error.at + 1})`;
      throw new JobError(error.code, where, { retryable: false });
    }
  }
}
