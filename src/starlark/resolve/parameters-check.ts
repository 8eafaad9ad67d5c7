/** Checks the order of a function's parameters and makes them its first locals. */
import type * as ast from "../syntax/ast.ts";
import type { Diagnostics } from "../syntax/diagnostics.ts";
import type { Block } from "./block.ts";

/** Binds positional, then keyword-only parameters, then `*args`, then `**kwargs`. */
export function bindParameters(
  parameters: readonly ast.Parameter[],
  block: Block,
  diagnostics: Diagnostics,
): void {
  let star: ast.Parameter | undefined;
  let starstar: ast.Parameter | undefined;
  let seenOptional = false;
  let keywordOnly = 0;
  const error = (message: string, at: ast.Parameter) => {
    const length = at.kind === "star" ? 1 : at.kind === "starstar" ? 2 : 0;
    const start = length > 0 ? at.start : (at.name?.start ?? at.start);
    diagnostics.error(
      "parameter-order",
      message,
      start,
      length > 0 ? start + length : (at.name?.end ?? start),
    );
  };
  for (const parameter of parameters) {
    if (parameter.kind === "star") {
      if (starstar !== undefined) error(`* parameter may not follow **${starstar.name?.name}`, parameter);
      else if (star !== undefined) error("multiple * parameters not allowed", parameter);
      else star = parameter;
      continue;
    }
    if (parameter.kind === "starstar") {
      if (starstar !== undefined) error("multiple ** parameters not allowed", parameter);
      starstar = parameter;
      continue;
    }
    const optional = parameter.defaultValue !== undefined;
    const kind = optional ? "optional" : "required";
    if (starstar !== undefined) error(`${kind} parameter may not follow **${starstar.name?.name}`, parameter);
    else if (star !== undefined) keywordOnly++;
    else if (!optional && seenOptional) error("required parameter may not follow optional", parameter);
    seenOptional ||= optional;
    bind(parameter, block, diagnostics);
  }
  if (star?.name !== undefined) bind(star, block, diagnostics);
  else if (star !== undefined && keywordOnly === 0) {
    error("bare * must be followed by keyword-only parameters", star);
  }
  if (starstar !== undefined) bind(starstar, block, diagnostics);
}

function bind({ name }: ast.Parameter, block: Block, diagnostics: Diagnostics): void {
  if (name === undefined) return;
  if (block.addLocal(name.name, name.start)) {
    diagnostics.error("duplicate-parameter", `duplicate parameter: ${name.name}`, name.start, name.end);
  }
  name.binding = block.bindings.get(name.name);
}
