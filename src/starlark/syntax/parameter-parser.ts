/** Parses the parameters of `def` and `lambda`; the resolver checks their order. */
import type * as ast from "./ast.ts";
import type { TokenStream } from "./token-stream.ts";

interface DefaultValueParser {
  test(): ast.Expression;
}

/** Parses parameters up to, and without, the token that ends them. */
export function parseParameters(
  tokens: TokenStream,
  expressions: DefaultValueParser,
  end: ")" | ":",
): ast.Parameter[] {
  const parameters: ast.Parameter[] = [];
  while (!tokens.at(end) && !tokens.at("end of file")) {
    if (parameters.length > 0) {
      tokens.expect(",");
      if (tokens.at(end)) break;
    }
    const { start } = tokens;
    parameters.push({ start, ...parseParameter(tokens, expressions), end: tokens.previousEnd });
  }
  return parameters;
}

function parseParameter(
  tokens: TokenStream,
  expressions: DefaultValueParser,
): Omit<ast.Parameter, "start" | "end"> {
  if (tokens.accept("*")) {
    const name = tokens.kind === "identifier" ? tokens.identifier() : undefined;
    return { kind: "star", name, defaultValue: undefined };
  }
  if (tokens.accept("**")) {
    return { kind: "starstar", name: tokens.identifier(), defaultValue: undefined };
  }
  const name = tokens.identifier();
  const defaultValue = tokens.accept("=") ? expressions.test() : undefined;
  return { kind: "plain", name, defaultValue };
}
