// Programs for the tests of the checker: one handler with a given body, and generated ones.
import fc from "fast-check";

/** A handler with these lines for a body, which begin in line 3, and its trigger. */
export function declaredHandler(body: string): string {
  const lines = body.split("\n").map((line) => `    ${line}`);
  return `def handle(w, ev):\n    """Doc."""\n${lines.join("\n")}\non_event(type = "a", handler = handle)\n`;
}

const name = fc.constantFrom("x", "y", "w", "ev", "f", "time", "len");
const expression: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("1", '"5m"', "None", "[]", "{}", "w.now()", "w.info"),
    name,
    fc.tuple(name, tie("expression")).map(([fn, argument]) => `${fn}(${argument})`),
    fc
      .tuple(fc.constantFrom("sleep", "run", "spawn", "attempt", "nope"), tie("expression"))
      .map(([method, argument]) => `w.${method}(${argument})`),
    tie("expression").map((value) => `[lambda: ${value} for x in [${value}]]`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `(${a} + ${b})`),
    tie("expression").map((value) => `{"a": ${value}, "b": 2}`),
  ),
})).expression;

const statement = fc.oneof(
  expression,
  fc.tuple(name, expression).map(([target, value]) => `${target} = ${value}`),
  fc.constantFrom(
    "return",
    "pass",
    "x = 1  # sluice: ignore[unused-variable]",
    "# sluice: ignore[unused-result]\n    1",
  ),
  expression.map((value) => `for x in [${value}]:\n        y = ${value}`),
  expression.map((value) => `if ${value}:\n        z = ${value}`),
);

/** Mostly valid programs. */
export const programText: fc.Arbitrary<string> = fc
  .array(statement, { minLength: 1, maxLength: 5 })
  .map((statements) => {
    const body = statements.map((text) => `    ${text}\n`).join("");
    return `def f(a):\n    pass\n\ndef handle(w, ev):\n${body}\non_event(type = "a", handler = handle)\n`;
  });
