/** Parses the arguments of a call; the resolver checks their order. */
import type * as ast from "./ast.ts";
import type { TokenStream } from "./token-stream.ts";

interface ValueParser {
  test(): ast.Expression;
}

/** Parses arguments up to, and without, the closing parenthesis. */
export function parseArguments(tokens: TokenStream, expressions: ValueParser): ast.Argument[] {
  const args: ast.Argument[] = [];
  while (!tokens.at(")") && !tokens.at("end of file")) {
    if (args.length > 0) {
      tokens.expect(",");
      if (tokens.at(")")) break;
    }
    args.push(parseArgument(tokens, expressions));
  }
  return args;
}

function parseArgument(tokens: TokenStream, expressions: ValueParser): ast.Argument {
  const { start } = tokens;
  if (tokens.accept("*")) return { kind: "star", start, name: undefined, value: expressions.test() };
  if (tokens.accept("**")) return { kind: "starstar", start, name: undefined, value: expressions.test() };
  const value = expressions.test();
  if (!tokens.at("=")) return { kind: "positional", start, name: undefined, value };
  if (value.kind !== "name") {
    const message = "keyword argument must have form name=expr";
    throw tokens.failure("keyword-argument", message, value.start, value.end);
  }
  tokens.advance();
  return { kind: "named", start, name: value, value: expressions.test() };
}
