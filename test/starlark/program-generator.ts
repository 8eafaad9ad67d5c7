/** Generates valid programs: functions, loops, collections, and calls of `ask`, which waits for the host. */
import fc from "fast-check";

const NAMES = ["a", "b", "c"] as const;

/** What expressions and statements may use; deeper ones are simpler, so that all end. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(...NAMES),
    fc.integer({ min: -100, max: 100 }).map((value) => (value < 0 ? `(${value})` : String(value))),
    fc.constantFrom(
      "True",
      "False",
      "None",
      '"text"',
      '"é"',
      "1.5",
      "(1, 2)",
      "[3, 1, 2]",
      '{"k": 1}',
      "1 << 60",
    ),
    tie("expression").map((argument) => `ask(${argument})`),
    fc
      .tuple(tie("expression"), fc.constantFrom("==", "!=", "and", "or"), tie("expression"))
      .map(([x, operator, y]) => `(${x} ${operator} ${y})`),
    fc
      .tuple(tie("expression"), fc.constantFrom("+", "-", "*", "//", "%"), tie("expression"))
      .map(([x, operator, y]) => `(number(${x}) ${operator} (number(${y}) or 1))`),
    fc
      .tuple(tie("expression"), tie("expression"), tie("expression"))
      .map(([x, y, z]) => `(${x} if ${y} else ${z})`),
    fc.tuple(tie("expression"), tie("expression")).map(([x, y]) => `[${x}, ${y}]`),
    fc.tuple(tie("expression"), tie("expression")).map(([x, y]) => `(${x}, ${y})`),
    tie("expression").map((value) => `{"k": ${value}}`),
    tie("expression").map((value) => `[${value} for x in range(3) if x != 1]`),
    tie("expression").map((value) => `{x: ask(${value}) for x in [1, 2]}`),
    tie("expression").map((value) => `sorted([3, 1, 2], key = lambda x: number(ask(${value})) - x)`),
    tie("expression").map((value) => `max(1, 2, key = lambda x: number(${value}) + x)`),
    tie("expression").map((value) => `(lambda x, y = 2: (x, y))(${value})`),
    fc.tuple(tie("expression"), tie("expression")).map(([x, y]) => `pair(second = ${x}, first = ${y})`),
    tie("expression").map((value) => `"%s|%r" % (${value}, ${value})`),
    tie("expression").map((value) => `attempt(lambda: ${value})`),
    tie("expression").map((value) => `attempt(lambda: fail(${value}))`),
    tie("expression").map((value) => `json.encode(str(${value}))`),
  ),
}));

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

type Block = readonly string[];

const { block } = fc.letrec<{ block: Block; statement: Block }>((tie) => ({
  block: fc.array(tie("statement"), { minLength: 1, maxLength: 3 }).map((parts) => parts.flat()),
  statement: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.tuple(fc.constantFrom(...NAMES), expression).map(([name, value]) => [`${name} = ${value}`]),
    fc
      .tuple(fc.constantFrom(...NAMES), expression)
      .map(([name, value]) => [`trace.append((${value}, ${name}))`]),
    fc.tuple(expression, expression).map(([x, y]) => [`a, [b, c] = ${x}, (${y}, a)`]),
    fc.tuple(expression, expression).map(([x, y]) => ["c = [0, 1]", `c[number(${x}) % 2] = ${y}`]),
    expression.map((value) => [`trace.append(ask(${value}))`]),
    fc
      .tuple(expression, tie("block"), tie("block"))
      .map(([condition, then, otherwise]) => [
        `if ${condition}:`,
        ...indent(then),
        "else:",
        ...indent(otherwise),
      ]),
    fc
      .tuple(fc.constantFrom("break", "continue", "pass"), expression, tie("block"))
      .map(([jump, condition, body]) => [
        "for i in [1, 2, 3]:",
        ...indent([...body, "trace.append(i)", `if ${condition}:`, `  ${jump}`]),
      ]),
    fc
      .tuple(tie("block"), expression)
      .map(([body, result]) => [
        "def inner(a, b = 1, *args, c = 2, **kwargs):",
        ...indent([...body, `return ${result}`]),
        "trace.append(inner(1, c = b))",
      ]),
    expression.map((value) => [`return ${value}`]),
  ),
}));

const PRELUDE = `
def number(x):
  return x if type(x) == "int" and x < 1000000000 and x > -1000000000 else len(str(x)) % 7

def pair(first, second):
  return (first, second)
`;

/** Programs that define `main(a, b, c)`; it may fail, wait any number of times, and always ends. */
export const program = block.map((body) =>
  [PRELUDE, "def main(a, b, c):", "  trace = []", ...indent(body), "  return (trace, a, b, c)", ""].join(
    "\n",
  ),
);
