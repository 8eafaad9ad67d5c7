/**
 * Signatures of builtins, and how arguments are matched with them.
 *
 * A signature is written as text:
 *
 *     'x: iterable, /, *, key?: callable, reverse?: bool'
 *
 * `/` ends the parameters that can only be given by position, `*` begins those that can only be given
 * by name, `*args` and `**kwargs` take the rest. `name?` is optional and arrives as undefined;
 * `name??` likewise, and None counts as absent. A kind after the colon is checked; see `kinds`.
 */
import { EvaluationError } from "../errors.ts";
import { StarlarkBytes } from "./bytes.ts";
import type { KeywordArgument } from "./call.ts";
import { StarlarkDict } from "./dict.ts";
import { StarlarkFloat } from "./float.ts";
import { HostObject } from "./host-object.ts";
import { StarlarkList, StarlarkTuple } from "./list.ts";
import { StarlarkRange } from "./range.ts";
import { StarlarkSet } from "./set.ts";
import { spellingHint } from "./spelling.ts";
import { StarlarkStruct } from "./struct.ts";
import { HeapValue, typeName, type Value } from "./value.ts";

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  /** None counts as absent. */
  readonly noneIsAbsent: boolean;
  /** Undefined: anything goes. */
  readonly accepts: ((value: Value) => boolean) | undefined;
  /** For messages: "got string, want int". */
  readonly kind: string;
}

export interface Signature {
  readonly text: string;
  readonly parameters: readonly Parameter[];
  /** Parameters that can be given by position. */
  readonly positionalCount: number;
  /** How many of the positional parameters are required. */
  readonly requiredPositional: number;
  /** Parameters that cannot be given by name. */
  readonly positionalOnlyCount: number;
  readonly varargs: boolean;
  readonly kwargs: boolean;
  /** Positional arguments alone are not enough, or not one to one with parameters. */
  readonly isOpen: boolean;
  /** Some parameter has a kind, or takes None as absent. */
  readonly isChecked: boolean;
}

const kinds: Readonly<Record<string, (value: Value) => boolean>> = {
  int: (value) => typeof value === "number" || typeof value === "bigint",
  /** An int that fits an index or a size. */
  index: (value) => typeof value === "number",
  float: (value) => value instanceof StarlarkFloat,
  string: (value) => typeof value === "string",
  bytes: (value) => value instanceof StarlarkBytes,
  bool: (value) => typeof value === "boolean",
  None: (value) => value === null,
  list: (value) => value instanceof StarlarkList,
  tuple: (value) => value instanceof StarlarkTuple,
  dict: (value) => value instanceof StarlarkDict,
  set: (value) => value instanceof StarlarkSet,
  struct: (value) => value instanceof StarlarkStruct,
  callable: (value) => value instanceof HeapValue && value.callable,
  iterable: isIterable,
};

/** Tells whether `for` can go over a value. */
export function isIterable(value: Value): boolean {
  return (
    value instanceof StarlarkList ||
    value instanceof StarlarkTuple ||
    value instanceof StarlarkDict ||
    value instanceof StarlarkSet ||
    value instanceof StarlarkRange ||
    (value instanceof HostObject && value.iterate() !== undefined)
  );
}

/** Reads the text of a signature; throws TypeError for a malformed one. */
export function parseSignature(text: string): Signature {
  const parameters: Parameter[] = [];
  let positionalCount: number | undefined;
  let positionalOnlyCount = 0;
  let varargs = false;
  let kwargs = false;
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    if (part === "/") positionalOnlyCount = parameters.length;
    else if (part.startsWith("**")) kwargs = true;
    else if (part.startsWith("*")) {
      positionalCount = parameters.length;
      varargs = part.length > 1;
    } else parameters.push(parseParameter(part, text));
  }
  positionalCount ??= parameters.length;
  const positional = parameters.slice(0, positionalCount);
  return {
    text,
    parameters,
    positionalCount,
    requiredPositional: positional.filter((parameter) => parameter.required).length,
    positionalOnlyCount,
    varargs,
    kwargs,
    isOpen: varargs || kwargs || parameters.slice(positionalCount).some((parameter) => parameter.required),
    isChecked: parameters.some((parameter) => parameter.accepts !== undefined || parameter.noneIsAbsent),
  };
}

function parseParameter(part: string, text: string): Parameter {
  const match = /^(\w+)(\?{0,2})(?:\s*:\s*([\w|]+))?$/.exec(part);
  if (match === null) throw new TypeError(`malformed parameter "${part}" in signature "${text}"`);
  const [, name = "", optional = "", kind] = match;
  const alternatives = (kind ?? "").split("|").map((alternative) => {
    const accepts = kinds[alternative];
    if (accepts === undefined && kind !== undefined) {
      throw new TypeError(`unknown kind "${alternative}" in signature "${text}"`);
    }
    return accepts;
  });
  const [first, ...rest] = alternatives;
  const accepts =
    rest.length === 0 ? first : (value: Value) => alternatives.some((alternative) => alternative?.(value));
  return {
    name,
    required: optional === "",
    noneIsAbsent: optional === "??",
    accepts,
    kind: (kind ?? "any").replace("index", "int").replaceAll("|", " or "),
  };
}

/**
 * Matches arguments with a signature: one entry per parameter, undefined where absent, then the
 * array of surplus positional arguments and the array of surplus keyword arguments where the
 * signature takes them. Throws EvaluationError in starlark-go's words.
 */
export function bindArguments(
  name: string,
  signature: Signature,
  args: readonly Value[],
  kwargs: readonly KeywordArgument[],
): unknown[] {
  const { parameters, positionalCount } = signature;
  if (parameters.length === 0 && signature.varargs && (signature.kwargs || kwargs.length === 0)) {
    return signature.kwargs ? [args, kwargs] : [args];
  }
  const bound: (Value | undefined)[] = new Array(parameters.length).fill(undefined);
  const given: boolean[] = new Array(parameters.length).fill(false);
  if (args.length > positionalCount && !signature.varargs)
    throw tooManyArguments(name, signature, args.length);
  const byPosition = Math.min(args.length, positionalCount);
  for (let i = 0; i < byPosition; i++) {
    given[i] = true;
    bound[i] = checkArgument(name, signature, i, args[i] ?? null);
  }
  const surplus: KeywordArgument[] = [];
  for (const argument of kwargs) {
    const [key, value] = argument;
    const index = parameters.findIndex((parameter) => parameter.name === key);
    if (index < 0 || index < signature.positionalOnlyCount) {
      if (!signature.kwargs) throw unexpectedKeyword(name, signature, key);
      surplus.push(argument);
      continue;
    }
    if (given[index]) throw new EvaluationError(`${name}: got multiple values for keyword argument "${key}"`);
    given[index] = true;
    bound[index] = checkArgument(name, signature, index, value);
  }
  checkRequired(name, signature, given, args.length);
  const result: unknown[] = bound;
  if (signature.varargs) result.push(args.slice(positionalCount));
  if (signature.kwargs) result.push(surplus);
  return result;
}

/** Checks the kind of one argument; gives undefined for a None that counts as absent. */
export function checkArgument(
  name: string,
  signature: Signature,
  index: number,
  value: Value,
): Value | undefined {
  const parameter = signature.parameters[index];
  if (parameter === undefined) return value;
  if (value === null && parameter.noneIsAbsent) return undefined;
  if (parameter.accepts === undefined || parameter.accepts(value)) return value;
  const which = isPositionalOnly(signature) ? String(index + 1) : parameter.name;
  const reason =
    typeof value === "bigint" && parameter.kind === "int"
      ? `${value} out of range`
      : `got ${typeName(value)}, want ${parameter.kind}`;
  throw new EvaluationError(`${name}: for parameter ${which}: ${reason}`);
}

function isPositionalOnly(signature: Signature): boolean {
  return signature.positionalOnlyCount === signature.parameters.length;
}

function checkRequired(name: string, signature: Signature, given: readonly boolean[], count: number): void {
  const missing = signature.parameters.find((parameter, index) => parameter.required && !given[index]);
  if (missing === undefined) return;
  if (isPositionalOnly(signature)) throw tooFewArguments(name, signature, count);
  throw new EvaluationError(`${name}: missing argument for ${missing.name}`);
}

function tooFewArguments(name: string, signature: Signature, count: number): EvaluationError {
  const open = signature.varargs || signature.requiredPositional < signature.positionalCount;
  const atLeast = open ? "at least " : "";
  return new EvaluationError(
    `${name}: got ${count} arguments, want ${atLeast}${signature.requiredPositional}`,
  );
}

function tooManyArguments(name: string, signature: Signature, count: number): EvaluationError {
  const { parameters, positionalCount, requiredPositional } = signature;
  if (positionalCount === 0 && (parameters.length > 0 || signature.kwargs)) {
    return new EvaluationError(`${name}: unexpected positional arguments`);
  }
  // Parameters that must be given by position can be too many in one way only.
  const exact = signature.positionalOnlyCount === positionalCount && requiredPositional === positionalCount;
  const atMost = exact ? "" : "at most ";
  return new EvaluationError(`${name}: got ${count} arguments, want ${atMost}${positionalCount}`);
}

function unexpectedKeyword(name: string, signature: Signature, key: string): EvaluationError {
  if (isPositionalOnly(signature)) {
    const reason = signature.varargs ? "does not accept keyword arguments" : "unexpected keyword arguments";
    return new EvaluationError(`${name}: ${reason}`);
  }
  if (signature.parameters.some((parameter) => parameter.name === key)) {
    return new EvaluationError(`${name}: unexpected keyword argument ${key}: it is given by position`);
  }
  const candidates = signature.parameters
    .slice(signature.positionalOnlyCount)
    .map((parameter) => parameter.name);
  return new EvaluationError(`${name}: unexpected keyword argument "${key}"${spellingHint(key, candidates)}`);
}
