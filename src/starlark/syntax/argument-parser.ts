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
    const { start } = tokens;
    args.push({ start, ...parseArgument(tokens, expressions), end: tokens.previousEnd });
  }
  return args;
}

function parseArgument(tokens: TokenStream, expressions: ValueParser): Omit<ast.Argument, "start" | "end"> {
  if (tokens.accept("*")) return { kind: "star", name: undefined, value: expressions.test() };
  if (tokens.accept("**")) return { kind: "starstar", name: undefined, value: expressions.test() };
  const value = expressions.test();
  if (!tokens.at("=")) return { kind: "positional", name: undefined, value };
  if (value.kind !== "name") {
    const message = "keyword argument must have form name=expr";
    throw tokens.failure("keyword-argument", message, value.start, value.end);
  }
  tokens.advance();
  return { kind: "named", name: value, value: expressions.test() };
}
