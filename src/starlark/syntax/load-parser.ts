/** Parses `load("module", "name", local="name")`. */
import type * as ast from "./ast.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseLoad(tokens: TokenStream): ast.LoadStatement {
  const start = tokens.expect("load");
  const parenthesis = tokens.expect("(");
  if (!tokens.at("string literal")) {
    throw tokens.failure("load-module", "first operand of load statement must be a string literal");
  }
  const module = stringLiteral(tokens);
  const bindings: ast.LoadStatement["bindings"][number][] = [];
  while (!tokens.at(")") && !tokens.at("end of file")) {
    tokens.expect(",");
    if (tokens.at(")")) break;
    bindings.push(loadBinding(tokens));
  }
  tokens.expect(")");
  if (bindings.length === 0) {
    throw tokens.failure(
      "load-nothing",
      "load statement must import at least 1 symbol",
      parenthesis,
      tokens.previousEnd,
    );
  }
  return { kind: "load", start, end: tokens.previousEnd, module, bindings };
}

function stringLiteral(tokens: TokenStream): ast.StringLiteral {
  const value = typeof tokens.value === "string" ? tokens.value : "";
  const start = tokens.advance();
  return { kind: "string", start, end: tokens.previousEnd, height: 1, value };
}

function loadBinding(tokens: TokenStream): ast.LoadStatement["bindings"][number] {
  if (tokens.at("string literal")) {
    const { start, end, value } = stringLiteral(tokens);
    // The name is inside the quotes.
    const local: ast.Name = {
      kind: "name",
      start: start + 1,
      end: end - 1,
      height: 1,
      name: value,
      binding: undefined,
    };
    return { local, original: value, originalStart: start };
  }
  if (!tokens.at("identifier")) {
    throw tokens.failure(
      "load-operand",
      `load operand must be "name" or localname="name" (got ${tokens.describe()})`,
    );
  }
  const local = tokens.identifier();
  if (!tokens.accept("=")) {
    const { name } = local;
    const message = `load operand must be "${name}" or ${name}="originalname" (want '=' after ${name})`;
    throw tokens.failure("load-operand", message, local.start, local.end);
  }
  if (!tokens.at("string literal")) {
    const message = `original name of loaded symbol must be quoted: ${local.name}="originalname"`;
    throw tokens.failure("load-operand", message);
  }
  const original = stringLiteral(tokens);
  return { local, original: original.value, originalStart: original.start };
}
