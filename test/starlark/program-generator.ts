/**
 * Generates valid programs that use the whole grammar: every statement and expression, collections, closures,
 * and calls of `ask`, which waits for the host.
 */
import fc from "fast-check";

const NAMES = ["a", "b", "c"] as const;

const LITERALS = [
  "0",
  "7",
  "0x1F",
  "1 << 60",
  "True",
  "False",
  "None",
  '"text"',
  '"é\\n"',
  'r"\\d"',
  "1.5",
  "2e3",
  'b"\\xff"',
  "()",
  "(1,)",
  "(1, 2)",
  "[]",
  "[3, 1, 2]",
  "{}",
  '{"k": 1, 2: "v"}',
  "set([1, 2])",
  "range(4)",
] as const;

const OPERATORS = "+ - * / // % & | ^ << >> == != < <= > >= in".split(" ").concat("not in");

/** What may go wrong is attempted, so that a program seldom ends with the first mistake. */
const attempted = (expression: string): string => `attempt(lambda: ${expression})`;

/** What expressions may use; deeper ones are simpler, so that all end. */
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  const three = fc.tuple(inner, inner, inner);
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.constantFrom(...NAMES),
      fc.constantFrom(...LITERALS).map((literal) => `(${literal})`),
      fc.integer({ min: -100, max: 100 }).map((value) => (value < 0 ? `(${value})` : String(value))),
      inner.map((argument) => `ask(${argument})`),
      fc
        .tuple(inner, fc.constantFrom("and", "or"), inner)
        .map(([x, operator, y]) => `(${x} ${operator} ${y})`),
      fc
        .tuple(inner, fc.constantFrom("and", "or"), inner)
        .map(([x, operator, y]) => `(not ${x} ${operator} ${y})`),
      fc
        .tuple(inner, fc.constantFrom("+", "-", "*", "//", "%"), inner)
        .map(([x, operator, y]) => `(number(${x}) ${operator} (number(${y}) or 1))`),
      fc
        .tuple(inner, fc.constantFrom(...OPERATORS), inner)
        .map(([x, operator, y]) => attempted(`small(${x}) ${operator} small(${y})`)),
      fc
        .tuple(three, fc.constantFrom(...OPERATORS), fc.constantFrom(...OPERATORS), fc.boolean())
        .map(([[x, y, z], first, second, leansLeft]) => {
          const [left, middle, right] = [x, y, z].map((operand) => `number(${operand})`);
          return attempted(
            leansLeft
              ? `(${left} ${first} ${middle}) ${second} ${right}`
              : `${left} ${first} (${middle} ${second} ${right})`,
          );
        }),
      fc.tuple(fc.constantFrom("-", "+", "~"), inner).map(([operator, x]) => `(${operator}number(${x}))`),
      three.map(([x, y, z]) => `(${x} if ${y} else ${z})`),
      three.map(([x, y, z]) => `[${x}, ${y}, ${z}][number(${x}) % 3]`),
      three.map(([x, y, z]) => attempted(`[${x}, ${y}, ${z}][number(${x}):number(${y}):number(${z}) or 1]`)),
      fc.tuple(inner, inner).map(([x, y]) => attempted(`small(${x})[${y}]`)),
      fc.tuple(inner, inner).map(([x, y]) => `(${x}, ${y})`),
      fc.tuple(inner, inner).map(([x, y]) => attempted(`{small(${x}): ${y}, "k": ${x}}`)),
      inner.map((value) => `[${value} for x in range(3) if x != 1]`),
      fc
        .tuple(inner, inner)
        .map(([x, y]) => `[(x, y, ${x}) for x, y in [(1, 2), (3, 4)] for _ in [${y}] if ${y}]`),
      inner.map((value) => `{x: ask(${value}) for x in [1, 2]}`),
      inner.map((value) => `sorted([3, 1, 2], key = lambda x: number(ask(${value})) - x)`),
      inner.map((value) => `max(1, 2, key = lambda x: number(${value}) + x)`),
      inner.map((value) => `(lambda x, y = 2, *z, **k: (x, y, z, k))(${value}, q = ${value}, *[1, 2, 3])`),
      fc.tuple(inner, inner).map(([x, y]) => `pair(second = ${x}, first = ${y})`),
      fc.tuple(inner, inner).map(([x, y]) => `pair(*[${x}], **{"second": ${y}})`),
      inner.map((value) => `"%s|%r" % (${value}, ${value})`),
      fc.tuple(inner, inner).map(([x, y]) => `"{0} {x!r}".format(${x}, x = ${y})`),
      inner.map((value) => `str(${value}).upper().split("E")`),
      inner.map((value) => `struct(field = ${value}).field`),
      inner.map((value) => `attempt(lambda: ${value})`),
      inner.map((value) => `attempt(lambda: fail(${value}))`),
      inner.map((value) => `json.encode(str(${value}))`),
      inner.map((value) => `depth(number(${value}) % 5)`),
    ),
  };
});

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

type Block = readonly string[];

const name = fc.constantFrom(...NAMES);

const { block } = fc.letrec<{ block: Block; statement: Block }>((tie) => {
  const inner = tie("block");
  return {
    block: fc.array(tie("statement"), { minLength: 1, maxLength: 3 }).map((parts) => parts.flat()),
    statement: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.tuple(name, expression).map(([target, value]) => [`${target} = ${value}`]),
      fc.tuple(name, expression).map(([target, value]) => [`trace.append((${value}, ${target}))`]),
      fc.tuple(expression, expression).map(([x, y]) => [`a, [b, c] = ${x}, (${y}, a)`]),
      fc.tuple(expression, expression).map(([x, y]) => ["c = [0, 1]", `c[number(${x}) % 2] = ${y}`]),
      fc
        .tuple(name, fc.constantFrom("+", "-", "*", "//", "%", "&", "|", "^"), expression)
        .map(([target, operator, value]) => [
          `${target} = number(${target})`,
          `${target} ${operator}= number(${value}) or 1`,
        ]),
      fc
        .tuple(expression, expression)
        .map(([x, y]) => [
          "c = {0: [0]}",
          `c[0] += [${x}]`,
          `c[0][number(${x}) % 2] += number(${y})`,
          'c |= {"u": 1}; s = set([1, 2]); s |= set([3]); s -= set([1]); s &= set([2]); s ^= set([9])',
          "trace.append((c, s))",
        ]),
      expression.map((value) => [`trace.append(ask(${value}))`]),
      expression.map((value) => [value, "pass"]),
      fc
        .tuple(expression, expression, inner, inner, inner)
        .map(([first, second, then, other, otherwise]) => [
          `if ${first}:`,
          ...indent(then),
          `elif ${second}:`,
          ...indent(other),
          "else:",
          ...indent(otherwise),
        ]),
      fc
        .tuple(fc.constantFrom("break", "continue", "pass"), expression, inner)
        .map(([jump, condition, body]) => [
          "for i in [1, 2, 3]:",
          ...indent([...body, "trace.append(i)", `if ${condition}:`, `  ${jump}`]),
        ]),
      fc
        .tuple(fc.constantFrom("break", "continue", "return c", "pass"), expression, inner)
        .map(([jump, condition, body]) => [
          "while len(ticks) < 12:",
          ...indent(["ticks.append(0)", ...body, `if ${condition}:`, `  ${jump}`]),
        ]),
      fc
        .tuple(inner, expression)
        .map(([body, value]) => [`for a, (b, _) in [(1, (2, 3)), (${value}, (5, 6))]:`, ...indent(body)]),
      fc
        .tuple(inner, expression)
        .map(([body, result]) => [
          "def inner(a, b = 1, *args, c = 2, **kwargs):",
          ...indent([...body, `return ${result}`]),
          "trace.append(inner(1, c = b))",
        ]),
      fc
        .tuple(expression, inner)
        .map(([value, body]) => [
          "shared = [0]",
          "def share(*, by):",
          ...indent(["shared[0] += number(by)", ...body, "return lambda: (shared, a)"]),
          `trace.append(share(by = ${value})())`,
        ]),
      expression.map((value) => [`return ${value}`]),
    ),
  };
});

const PRELUDE = `
def number(x):
  return x if type(x) == "int" and x < 1000000000 and x > -1000000000 else len(str(x)) % 7

def small(x):
  return x if len(repr(x)) < 40 else number(x)

def pair(first, second):
  return (first, second)

def depth(n):
  """Calls itself."""
  return ask(n) if n == 0 else (n, depth(n - 1))
`;

/** Programs that define `main(a, b, c)`; it may fail, wait any number of times, and always ends. */
export const program = block.map((body) =>
  [
    PRELUDE,
    "def main(a, b, c):",
    "  trace = []; ticks = []",
    ...indent(body),
    "  return (trace, a, b, c)",
    "",
  ].join("\n"),
);
