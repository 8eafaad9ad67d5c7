/** Checks the order of the arguments of a call: positional, named, `*args`, `**kwargs`. */
import type * as ast from "../syntax/ast.ts";
import type { Diagnostics } from "../syntax/diagnostics.ts";

/** More are refused, as by starlark-go: they bound the registers a function can need. */
const MAX_ARGUMENTS = 255;

export function checkArguments(args: readonly ast.Argument[], diagnostics: Diagnostics): void {
  let star = false;
  let starstar = false;
  const names = new Set<string>();
  for (const argument of args) {
    const message = orderError(argument, star, starstar, names);
    if (message !== undefined) {
      diagnostics.error("argument-order", message, argument.start, argument.value.end);
    }
    star ||= argument.kind === "star";
    starstar ||= argument.kind === "starstar";
    if (argument.name !== undefined) names.add(argument.name.name);
  }
  checkCount(
    "positional",
    args.filter((argument) => argument.kind === "positional"),
    diagnostics,
  );
  checkCount(
    "keyword",
    args.filter((argument) => argument.kind === "named"),
    diagnostics,
  );
}

function checkCount(kind: string, args: readonly ast.Argument[], diagnostics: Diagnostics): void {
  const surplus = args[MAX_ARGUMENTS];
  if (surplus === undefined) return;
  const message = `${args.length} ${kind} arguments in call, limit is ${MAX_ARGUMENTS}`;
  diagnostics.error("too-many-arguments", message, surplus.start, surplus.value.end);
}

function orderError(
  argument: ast.Argument,
  star: boolean,
  starstar: boolean,
  names: ReadonlySet<string>,
): string | undefined {
  switch (argument.kind) {
    case "starstar":
      return starstar ? "multiple **kwargs not allowed" : undefined;
    case "star":
      if (starstar) return "*args may not follow **kwargs";
      return star ? "multiple *args not allowed" : undefined;
    case "named":
      if (starstar) return "keyword argument may not follow **kwargs";
      if (star) return "keyword argument may not follow *args";
      return names.has(argument.name?.name ?? "")
        ? `keyword argument "${argument.name?.name}" is repeated`
        : undefined;
    case "positional":
      if (star) return "positional argument may not follow *args";
      if (starstar) return "positional argument may not follow **kwargs";
      return names.size > 0 ? "positional argument may not follow named" : undefined;
  }
}
