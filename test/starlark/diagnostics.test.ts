import { describe, expect, test } from "vitest";
import { check, compile, initModule, StarlarkSyntaxError } from "../../src/starlark/index.ts";

/** What is found, as "line:column message (hint)". */
function found(source: string, options: Partial<Parameters<typeof check>[1]> = {}): string[] {
  return check(source, { file: "test.star", ...options })
    .filter(({ severity }) => severity === "error")
    .map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint ? ` (${hint})` : ""}`);
}

describe("syntax errors", () => {
  test("several are found in one pass, each statement for itself", () => {
    const source = 'x = 1 +\ndef f(:\n  return 1\ny = 2 3\nz = "open\nw = [1, 2\n';
    expect(found(source)).toEqual([
      "1:8 got newline, want primary expression",
      "2:7 not an identifier",
      "4:7 got int literal, want newline",
      "5:5 unexpected newline in string",
      "7:1 got end of file, want ']'",
    ]);
  });

  test("carry file, line and column in the thrown error, too", () => {
    expect(() => compile("x = 1\ny = = 2\n", { file: "a.star" })).toThrow(
      "a.star:2:5: got '=', want primary expression",
    );
  });

  test.each([
    ["x = 0777", "1:5 obsolete form of octal literal; use 0o777"],
    ["x = 1_000", "1:6 got identifier, want newline"],
    ["x = 'a' 'b'", "1:9 got string literal, want newline"],
    ["x = 2 ** 3", "1:7 got '**', want newline"],
    ["x = a is b", "1:7 got is, want newline"],
    ["x = 1 < 2 < 3", "1:11 < does not associate with < (use parens)"],
    ["x = 1, 2,", "1:9 unparenthesized tuple with trailing comma"],
    ["x = '\\q'", "1:5 invalid escape sequence \\q"],
    ["x = '\\x80'", "1:5 non-ASCII hex escape \\x80 (use \\u0080 for the UTF-8 encoding of U+0080)"],
    ["x = 0x", "1:5 invalid hex literal"],
    ["x = 1e", "1:5 invalid float literal"],
    ["x = $", "1:5 unexpected input character '$'"],
    ["class = 1", "1:1 got class, want primary expression"],
    ["def f():\npass", "2:1 got pass, want indent"],
    ["def f():\n    x = 1\n  y = 2", "3:3 unindent does not match any outer indentation level"],
    ["f(a=1, *, b=2)", "1:9 got ',', want primary expression"],
    ["[x for x in lambda: 1, 2]", "1:13 got lambda, want primary expression"],
    ["x = a if b", "1:7 conditional expression without else clause"],
    ["f(1 + 2 = 3)", "1:3 keyword argument must have form name=expr"],
    ["load('a')", "1:5 load statement must import at least 1 symbol"],
  ])("%j", (source, expected) => {
    expect(found(source)).toContain(expected);
  });

  test("deep nesting of any kind is refused, not suffered", () => {
    const n = 100_000;
    for (const source of [
      "(".repeat(n),
      `x = ${"[".repeat(n)}${"]".repeat(n)}`,
      `x = ${"-".repeat(n)}1`,
      `x = ${"not ".repeat(n)}1`,
      `x = ${"lambda: ".repeat(n)}1`,
      `x = a${".b".repeat(n)}`,
      `x = f${"()".repeat(n)}`,
      `x = ${"1 if a else ".repeat(n)}1`,
      `x = [1 ${"for a in b ".repeat(n)}]`,
      `${Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}if a:`).join("\n")} pass`,
    ]) {
      expect(found(source).some((text) => text.includes("excessive nesting: more than "))).toBe(true);
    }
  });

  test("a chain of operators may be of any length", () => {
    const n = 10_000;
    const source = [
      `sum = 1${" + 1".repeat(n)}`,
      `text = len("a"${' + "a"'.repeat(n)})`,
      "def f(a):",
      `    if a${" and a".repeat(n)} and not (not a${" or not a".repeat(n)}):`,
      `        return a - a${" * a - a".repeat(n)}`,
      "mixed = f(2)",
      `last = None${" or 0".repeat(n)} or "last"`,
    ].join("\n");
    expect(check(source, { file: "a.star" })).toEqual([]);
    const { globals } = initModule(compile(source, { file: "a.star" }));
    const [sum, text, mixed, last] = ["sum", "text", "mixed", "last"].map((name) => globals.get(name));
    expect([sum, text, mixed, last]).toEqual([n + 1, n + 1, -4 * n, "last"]);
  });

  test("what nesting allows also compiles", () => {
    const n = 200;
    compile(`x = ${"[".repeat(n)}${"]".repeat(n)}`, { file: "a.star" });
    compile(`x = ${"(".repeat(100)}1${" + 1)".repeat(100)}`, { file: "a.star" });
    compile(`x = ${"lambda: ".repeat(n)}1`, { file: "a.star" });
  });
});

describe("names", () => {
  test("an unknown name suggests the nearest known one", () => {
    expect(found("greeting = 1\nprint(greting)\n")).toEqual([
      "2:7 undefined: greting (did you mean greeting?)",
    ]);
    expect(found("def f(abc):\n  return lenn(abd)\n")).toEqual([
      "2:10 undefined: lenn (did you mean len?)",
      "2:15 undefined: abd (did you mean abc?)",
    ]);
  });

  test("a global is bound once, wherever it is bound", () => {
    expect(found("x = 1\nx = 2\n")).toEqual(["2:1 cannot reassign global x declared at test.star:1:1"]);
    expect(found("x = 1\nx = 2\n", { dialect: { globalReassign: true } })).toEqual([]);
    expect(found('load("m", "x")\nx = 1\n')).toEqual([
      "2:1 cannot reassign local x declared at test.star:1:12",
    ]);
  });

  test("statements stand where the dialect allows them", () => {
    expect(found("for x in []: pass\nif True: pass\nreturn\nbreak\n")).toEqual([
      "1:1 for loop not within a function",
      "2:1 if statement not within a function",
      "3:1 return statement not within a function",
      "4:1 break not in a loop",
    ]);
    expect(found("def f():\n  while True: pass\n")).toEqual([
      "2:3 this Starlark dialect does not support while loops",
    ]);
    expect(found("x = set()", { dialect: { set: false } })).toEqual([
      "1:5 this Starlark dialect does not support sets",
    ]);
    expect(found('load("m", "x")', { dialect: { load: false } })[0]).toContain("does not support load");
  });

  test("the order of parameters and arguments is checked", () => {
    expect(found("def f(a=1, b): pass")).toEqual(["1:12 required parameter may not follow optional"]);
    expect(found("def f(*): pass")).toEqual(["1:7 bare * must be followed by keyword-only parameters"]);
    expect(found("def f(a, a): pass")).toEqual(["1:10 duplicate parameter: a"]);
    expect(found("print(x=1, 2)")).toEqual(["1:12 positional argument may not follow named"]);
    expect(found("print(x=1, x=2)")).toEqual(['1:12 keyword argument "x" is repeated']);
    expect(found("print(*[], *[])")).toEqual(["1:12 multiple *args not allowed"]);
  });

  test("only names, elements, attributes and sequences of them are assigned to", () => {
    expect(found("1 = 2")).toEqual(["1:1 can't assign to literal"]);
    expect(found("len() = 2")).toEqual(["1:1 can't assign to callexpr"]);
    expect(found("def f(a, b):\n  a, b += 1\n")).toEqual([
      "2:3 can't use tuple expression in augmented assignment",
    ]);
  });
});

test("a compile error is a StarlarkSyntaxError that lists every diagnostic", () => {
  try {
    compile("a = b\nc = d\n", { file: "x.star" });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(StarlarkSyntaxError);
    expect(error).toMatchObject({
      code: "SyntaxError",
      diagnostics: [
        { code: "undefined-name", line: 1, column: 5, endColumn: 6 },
        { code: "undefined-name", line: 2 },
      ],
    });
  }
});

describe("warnings", () => {
  function warned(source: string): string[] {
    return check(source, { file: "test.star" })
      .filter(({ severity }) => severity === "warning")
      .map(({ line, code }) => `${line} ${code}`);
  }

  test("tell of unused loads, variables and functions, unless they begin with an underscore", () => {
    const source = `load("m", "used", "unused", _kept = "x")
def f(parameter):
    x = used
    _y = 1
    for i in range(3):
        z = 1
    def inner(): pass
    a, b = 1, 2
    return b
g = lambda: 1
`;
    expect(warned(source)).toEqual([
      "1 unused-load",
      "3 unused-variable",
      "6 unused-variable",
      "7 unused-variable",
    ]);
  });

  test("tell of code that is never reached, once per block", () => {
    const source = `def f(x):
    if x:
        return 1
        x = 2
        x = 3
    else:
        fail("no")
    print(x)
def g(xs):
    for x in xs:
        continue
        print(x)
    return 1
`;
    expect(warned(source)).toEqual(["4 unreachable-code", "8 unreachable-code", "12 unreachable-code"]);
  });

  test("tell of a comparison whose result is dropped and of mixed indentation", () => {
    expect(warned("def f(x):\n  x == 1\n")).toEqual(["2 discarded-comparison"]);
    expect(warned("def f(x):\n    if x:\n\treturn 1\n")).toEqual(["3 inconsistent-indentation"]);
  });
});
