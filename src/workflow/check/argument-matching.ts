// Are there arguments for what a function requires, and does it take each of them?
import { type ast, type Builtin, nearestName } from "../../starlark/index.ts";
import type { Report } from "./finding.ts";

/** What a function takes, whoever wrote it. */
export interface Takes {
  name: string;
  /** In the order in which they are given by position. */
  positional: readonly string[];
  positionalOnly: ReadonlySet<string>;
  keywordOnly: readonly string[];
  required: ReadonlySet<string>;
  hasStar: boolean;
  hasStarstar: boolean;
}

export function takesOfBuiltin(name: string, { signature }: Builtin): Takes {
  const names = signature.parameters.map((parameter) => parameter.name);
  return {
    name,
    positional: names.slice(0, signature.positionalCount),
    positionalOnly: new Set(names.slice(0, signature.positionalOnlyCount)),
    keywordOnly: names.slice(signature.positionalCount),
    required: new Set(
      signature.parameters.filter(({ required }) => required).map((parameter) => parameter.name),
    ),
    hasStar: signature.varargs,
    hasStarstar: signature.kwargs,
  };
}

export function takesOfDefinition(fn: ast.FunctionNode): Takes {
  const star = fn.parameters.findIndex(({ kind }) => kind === "star");
  const plain = (parameters: readonly ast.Parameter[]) =>
    parameters.flatMap(({ kind, name }) => (kind === "plain" && name !== undefined ? [name.name] : []));
  return {
    name: fn.name === "lambda" ? "the lambda" : fn.name,
    positional: plain(star < 0 ? fn.parameters : fn.parameters.slice(0, star)),
    positionalOnly: new Set(),
    keywordOnly: star < 0 ? [] : plain(fn.parameters.slice(star)),
    required: new Set(
      fn.parameters.flatMap(({ kind, name, defaultValue }) =>
        kind === "plain" && name !== undefined && defaultValue === undefined ? [name.name] : [],
      ),
    ),
    hasStar: fn.parameters.some(({ kind, name }) => kind === "star" && name !== undefined),
    hasStarstar: fn.parameters.some(({ kind }) => kind === "starstar"),
  };
}

/** Pairs arguments with parameters and notes those that have no partner. */
export function matchArguments(
  report: Report,
  call: ast.CallExpression,
  takes: Takes,
): Map<string, ast.Expression> {
  const given = new Map<string, ast.Expression>();
  const isOpen = call.arguments.some(({ kind }) => kind === "star" || kind === "starstar");
  const misspelt = new Set<string>();
  let position = 0;
  for (const argument of call.arguments) {
    const { kind, value } = argument;
    const at = { start: argument.start, end: value.end };
    if (kind === "positional") {
      const name = takes.positional[position++];
      if (name !== undefined) given.set(name, value);
      else if (!takes.hasStar) {
        const hint =
          takes.keywordOnly.length > 0 ? `give it by name: ${takes.keywordOnly.join("=, ")}=` : undefined;
        const most = takes.positional.length;
        const message = `${takes.name}: takes ${mostArguments(most)}`;
        report.add("surplus-argument", message, at, hint === undefined ? {} : { hint });
        break;
      }
    } else if (kind === "named" && argument.name !== undefined) {
      const { name } = argument.name;
      const isKnown =
        takes.keywordOnly.includes(name) ||
        (takes.positional.includes(name) && !takes.positionalOnly.has(name));
      if (!isKnown && !takes.hasStarstar) {
        const meant = noteUnknown(report, takes, argument.name);
        // One slip of the pen is one finding: what was meant is not missing as well.
        if (meant !== undefined) misspelt.add(meant);
      } else if (given.has(name)) {
        report.add("surplus-argument", `${takes.name}: ${name} is given twice`, argument.name);
      } else given.set(name, value);
    }
  }
  const missing = [...takes.required].filter((name) => !given.has(name) && !misspelt.has(name));
  if (!isOpen && missing.length > 0) noteMissing(report, takes.name, call, missing);
  return given;
}

function mostArguments(most: number): string {
  if (most === 0) return "no positional arguments";
  return `at most ${most} positional argument${most === 1 ? "" : "s"}`;
}

/** Gives the parameter that was meant, where there is one near. */
function noteUnknown(report: Report, takes: Takes, name: ast.Name): string | undefined {
  const names = [...takes.positional, ...takes.keywordOnly].filter(
    (known) => !takes.positionalOnly.has(known),
  );
  const nearest = nearestName(name.name, names);
  const hint =
    nearest !== undefined
      ? `did you mean ${nearest}?`
      : names.length > 0
        ? `it takes ${names.join(", ")}`
        : undefined;
  const message = `${takes.name}: there is no parameter ${name.name}`;
  report.add("unknown-argument", message, name, hint === undefined ? {} : { hint });
  return nearest;
}

function noteMissing(report: Report, name: string, call: ast.Expression, missing: readonly string[]): void {
  report.add("missing-argument", `${name}: missing argument for ${missing.join(", ")}`, endOf(call));
}

/** The closing parenthesis: where what is missing would stand. */
export function endOf({ end }: ast.Expression): { start: number; end: number } {
  return { start: end - 1, end };
}
