/** The kinds of token. A token's kind is the text that messages show for it. */

export type TokenKind =
  | "illegal token"
  | "end of file"
  | "newline"
  | "indent"
  | "outdent"
  | "identifier"
  | "int literal"
  | "float literal"
  | "string literal"
  | "bytes literal"
  | Punctuation
  | Keyword
  | "not in"
  | "reserved word";

export type Punctuation =
  | "+"
  | "-"
  | "*"
  | "/"
  | "//"
  | "%"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "~"
  | "."
  | ","
  | "="
  | ";"
  | ":"
  | "("
  | ")"
  | "["
  | "]"
  | "{"
  | "}"
  | "<"
  | ">"
  | ">="
  | "<="
  | "=="
  | "!="
  | "+="
  | "-="
  | "*="
  | "/="
  | "//="
  | "%="
  | "&="
  | "|="
  | "^="
  | "<<="
  | ">>="
  | "**";

export type Keyword =
  | "and"
  | "break"
  | "continue"
  | "def"
  | "elif"
  | "else"
  | "for"
  | "if"
  | "in"
  | "lambda"
  | "load"
  | "not"
  | "or"
  | "pass"
  | "return"
  | "while";

const KEYWORDS = [
  "and",
  "break",
  "continue",
  "def",
  "elif",
  "else",
  "for",
  "if",
  "in",
  "lambda",
  "load",
  "not",
  "or",
  "pass",
  "return",
  "while",
] as const satisfies readonly Keyword[];

/** Words that the specification keeps for later; they are no identifiers. */
const RESERVED_WORDS =
  "as async await class del except finally from global import is nonlocal raise try with yield".split(" ");

/** The kinds of the words that are no identifiers. */
export const wordKinds: ReadonlyMap<string, Keyword | "reserved word"> = new Map([
  ...KEYWORDS.map((word) => [word, word] as const),
  ...RESERVED_WORDS.map((word) => [word, "reserved word"] as const),
]);

/** A token's kind as messages show it: punctuation is quoted. */
export function describeToken(kind: TokenKind, text: string): string {
  if (kind === "reserved word") return text;
  return /^[a-z]/.test(kind) ? kind : `'${kind}'`;
}
