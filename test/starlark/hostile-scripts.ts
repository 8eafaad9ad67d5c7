/** Scripts that want to take the isolate down, and texts that want to keep the compiler busy for ever. */
import { Budget, compile, initModule, StarlarkError, standardModules } from "../../src/starlark/index.ts";

const LIMITS = { maxSteps: 2_000_000, maxAllocatedBytes: 32 * 1024 * 1024, maxDepth: 500 };
/** All that a file may be allowed. */
export const dialect = { topLevelControl: true, globalReassign: true, while: true, recursion: true };

/** Runs a script to its end; gives the error it ended with. */
export function runHostile(source: string, budget = new Budget(LIMITS)): StarlarkError | undefined {
  try {
    const program = compile(source, {
      file: "hostile.star",
      dialect,
      predeclared: Object.keys(standardModules),
    });
    initModule(program, { predeclared: standardModules, budget });
    return undefined;
  } catch (error) {
    // Anything else, such as a RangeError of the JavaScript stack, fails the test.
    if (error instanceof StarlarkError) return error;
    throw error;
  }
}

const nested = (open: string, close: string, depth: number): string =>
  open.repeat(depth) + close.repeat(depth);
const deepList = "x = []\nfor _ in range(100000):\n  x = [x]\n";

/** Each ends by its budget. */
export const overBudget: Readonly<Record<string, string>> = {
  "a loop without end": "while True:\n  pass",
  "a recursion without end": "def f(): return f()\nf()",
  "a string that doubles": "s = 'x'\nwhile True:\n  s += s",
  "a list that doubles": "x = [1]\nwhile True:\n  x += x",
  "a tuple that doubles": "x = (1,)\nwhile True:\n  x = x + x",
  "bytes that double": "x = b'x'\nwhile True:\n  x = x + x",
  "a list of a huge range": "list(range(1 << 31))",
  "a tuple of a huge range": "tuple(range(1 << 31))",
  "a set of a huge range": "set(range(1 << 31))",
  "a sorted huge range": "sorted(range(1 << 31))",
  "a reversed huge range": "reversed(range(1 << 31))",
  "an enumerated huge range": "enumerate(range(1 << 31))",
  "zipped huge ranges": "zip(range(1 << 31), range(1 << 31))",
  "the least of a huge range": "min(range(1 << 31))",
  "all of a huge range": "all(range(1, 1 << 31))",
  "any of a huge range": "any([0] * 4000000)",
  "a comprehension over a huge range": "[x for x in range(1 << 31)]",
  "a dict comprehension over a huge range": "{x: x for x in range(1 << 31)}",
  "a huge list repetition": "[0] * (1 << 28)",
  "a huge string repetition": "'x' * (1 << 28)",
  "a huge bytes repetition": "b'x' * (1 << 28)",
  "powers by multiplication": "x = 3\nwhile True:\n  x = x * x",
  "a shift upon a shift": "x = 1\nwhile True:\n  x = x << 511",
  "text of a huge int": "x = 7\nfor _ in range(22):\n  x = x * x\nfor _ in range(1000):\n  str(x)",
  "a huge int from text": "int('7' * 10000000)",
  "a huge int from text in base 7": "int('6' * 10000000, 7)",
  "a division of huge ints":
    "x = 7\nfor _ in range(22):\n  x = x * x\nfor _ in range(100000):\n  x // 12345678901234567891 // 3",
  "a join that multiplies": "','.join(['x' * 1000000] * 1000)",
  "a replacement that multiplies": "('a' * 1000000).replace('a', 'b' * 1000)",
  "a replacement of nothing": "('a' * 1000000).replace('', 'b' * 1000)",
  "a format that multiplies": "('{0}' * 10000).format('x' * 10000)",
  "an interpolation that multiplies": "'%s' * 10000 % tuple(['x' * 10000] * 10000)",
  "a split into millions": "('a,' * 10000000).split(',')",
  "a split into millions of words": "('a ' * 10000000).split()",
  "millions of lines": "('a\\n' * 10000000).splitlines()",
  "millions of elements": "list(('a' * 20000000).elems())",
  "millions of code points": "list(('a' * 20000000).codepoints())",
  "a list that is extended by itself": "x = [1]\nwhile True:\n  x.extend(x)",
  "inserts at the front": "x = [0] * 100000\nwhile True:\n  x.insert(0, 1)",
  "removals from the front": "x = list(range(1000000))\nwhile True:\n  x.pop(0)\n  x.append(1)",
  "a search through a long list": "x = [0] * 1000000\nwhile True:\n  1 in x",
  "comparisons of long lists": "x = [0] * 500000\ny = [0] * 500000\nwhile True:\n  x == y",
  "a sort with an endless key": "def k(x):\n  while True:\n    pass\nsorted([1, 2], key = k)",
  "shared data printed": "x = ['x' * 100]\nfor _ in range(60):\n  x = [x, x]\nstr(x)",
  "shared data encoded": "x = [1]\nfor _ in range(60):\n  x = [x, x]\njson.encode(x)",
  "shared data compared": "x = [1]\ny = [1]\nfor _ in range(60):\n  x = [x, x]\n  y = [y, y]\nx == y",
  "shared data hashed": "x = (1,)\nfor _ in range(60):\n  x = (x, x)\n{x: 1}",
  "a large JSON text": "json.decode('[' + '[],' * 10000000 + '[]]')",
  "a JSON text indented by much": "json.indent('[' * 400 + ']' * 400, indent = ' ' * 1000000)",
  "a digest of much": "while True:\n  hashlib.sha256('x' * 1000000)",
  "base64 of much": "while True:\n  base64.encode('x' * 1000000)",
  "unions that grow": "s = set(range(100000))\nwhile True:\n  s = s | set([len(s)])",
  "dict updates": "d = {i: i for i in range(100000)}\nwhile True:\n  d = d | d",
  "title case of much": "s = 'é' * 1000000\nwhile True:\n  s.title()",
  "counting in much": "s = 'a' * 10000000\nwhile True:\n  s.count('a')",
  "a text that is nearly found everywhere":
    "x = 'ab' * 2500000\ny = 'ba' * 1000 + 'aa' + 'ba' * 1000\nwhile True:\n  y in x",
  "a text that is nearly found from behind":
    "x = 'a' * 500000\ny = 'b' + 'a' * 100000\nwhile True:\n  x.rfind(y)",
  "a text that nearly cuts everywhere":
    "x = 'a' * 5000000\ny = 'a' * 1000 + 'b' + 'a' * 1000\nwhile True:\n  x.split(y)",
  "bytes that are nearly found everywhere":
    "x = b'a' * 5000000\ny = b'a' * 2500000 + b'b'\nwhile True:\n  y in x",
  "the oldest entry, taken again and again":
    "d = {i: 1 for i in range(100000)}\nwhile True:\n  d[len(d)] = d.popitem()",
  "the first of a dict from which much was removed":
    "d = {i: 1 for i in range(100000)}\nfor i in range(49000):\n  d.pop(i)\ndef f():\n  for k in d:\n    return k\nwhile True:\n  f()",
  "structs of many fields compared":
    "s = struct(**{'a%d' % i: i for i in range(20000)})\nt = struct(**{'b%d' % i: i for i in range(20000)})\nwhile True:\n  s == t",
  "big ints of the same lowest digits as keys": "d = {}\nfor i in range(1000000):\n  d[i << 64] = 1",
  "huge ints compared": "x = 7\nfor _ in range(16):\n  x = x * x\ny = x + 0\nwhile True:\n  x == y",
  "long texts as keys": "p = 'x' * 16500\nd = {}\nfor i in range(3000):\n  d[p + str(i)] = 1",
  "a long text looked up": "d = {'x' * 1000000: 1}\nk = 'x' * 999999 + 'x'\nwhile True:\n  d[k]",
  "long texts that differ at their ends":
    "p = 'x' * 10000\nl = [p + str(1000 + i) for i in range(1000)]\nk = p + '0000'\nwhile True:\n  k in l",
  "removals from behind the front": "x = [1] + [0] * 1000000\nwhile True:\n  x.remove(0)",
  "every second of many": "x = [0] * 1000000\nwhile True:\n  x[::2]",
  "many floats": "x = [i * 1.5 for i in range(1 << 40)]",
  "texts of floats": "x = [i * 1.1 for i in range(10000)]\nwhile True:\n  str(x)",
  "floats formatted": "while True:\n  '%e' % 1.234e300",
  "many methods": "x = ['a'.upper for i in range(1 << 40)]",
  "many bytes": "b = b'abc'\nx = [b[1:] for i in range(1 << 40)]",
  "the clock of a time zone": "t = time.time(year = 2024, location = 'Europe/Zurich')\nwhile True:\n  t.hour",
  "a time formatted":
    "t = time.time(year = 2024, location = 'Europe/Zurich')\nwhile True:\n  t.format('MST' * 1000)",
  "a text of escapes": "s = '\\n' * 1000000\nwhile True:\n  repr(s)",
  "a failure with much text": "fail('x' * 100000000)",
  "a print of much text": "while True:\n  print('x' * 1000000)",
};

/** Each is refused, with a message like this. */
export const refused: Readonly<Record<string, readonly [source: string, message: RegExp]>> = {
  "a literal of a million digits": [`x = ${"9".repeat(1_000_000)}`, /more than 100000 digits/],
  "a hexadecimal literal of a million digits": [`x = 0x${"9".repeat(1_000_000)}`, /more than 100000 digits/],
  "a million brackets": [nested("[", "]", 1_000_000), /./],
  "a million parentheses": [nested("(", ")", 1_000_000), /./],
  "a million braces": [nested("{1:", "}", 1_000_000), /./],
  "a million unary minuses": [`x = ${"-".repeat(1_000_000)}1 + []`, /./],
  "a million nots": [`x = ${"not ".repeat(300_000)}1 + []`, /./],
  "a sum of very many": [`x = ${"1+".repeat(100_000)}[]`, /int \+ list/],
  "a condition of very many": [`x = 1\nif ${"x and ".repeat(50_000)}[] + 1: pass`, /list \+ int/],
  "a million calls": [`x = len${"()".repeat(500_000)}`, /./],
  "a million attributes": [`x = len${".a".repeat(500_000)}`, /./],
  "a million lambdas": [`x = ${"lambda: ".repeat(200_000)}y`, /./],
  "a million conditionals": [`x = ${"1 if 1 else ".repeat(200_000)}[] + 1`, /./],
  "blocks within blocks": [Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}if 1:`).join("\n"), /./],
  "an unclosed string": [`x = "${"a".repeat(1_000_000)}`, /./],
  "deep data printed": [`${deepList}str(x)`, /nested|deep|steps/],
  "deep data compared": [`${deepList}y = x\n${deepList}x == y`, /depth/],
  "deep data encoded": [`${deepList}json.encode(x)`, /nested/],
  "deep data hashed": ["x = ()\nfor _ in range(100000):\n  x = (x,)\n{x: 1}", /nested/],
  "deep JSON": ["json.decode('[' * 100000)", /nested/],
  "deep JSON objects": ["json.decode('{\"a\":' * 100000)", /nested/],
  "deep JSON indented": ["json.indent('[' * 100000)", /nested/],
  "a cycle encoded": ["x = []\nx.append(x)\njson.encode(x)", /cycle/],
  "a cycle compared": ["x = []\nx.append(x)\ny = []\ny.append(y)\nx == y", /depth/],
  "a huge shift": ["1 << (1 << 40)", /out of range/],
  "a repetition beyond any size": ["'x' * (1 << 62)", /repeat/],
  "a sort whose key changes the list": [
    "x = [3, 2, 1]\ndef k(v):\n  x.append(v)\n  return v\nsorted(x, key = k)\nfail('done', len(x))",
    /done 6/,
  ],
  "a loop that changes what it goes over": ["x = [1]\nfor i in x:\n  x.append(i)", /during iteration/],
  "a dict that grows while one goes over it": ["d = {1: 1}\nfor k in d:\n  d[k + 1] = 1", /during iteration/],
  "a duration out of range": ["time.hour * (1 << 60)", /out of range/],
  "a time out of range": ["time.from_timestamp(1 << 50)", /out of range/],
  "a year out of range": ["time.time(year = 1 << 40)", /out of range/],
};

const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");

/** Valid or not, each is compiled and checked in time that grows with its length only. */
export const longSources: Readonly<Record<string, string>> = {
  "undefined names": many(20_000, (i) => `n${i}\n`),
  "names that are nearly right": many(10_000, (i) => `g${i} = 1\n`) + many(10_000, (i) => `h${i}\n`),
  "locals with a condition each": `def f(a):\n${many(20_000, (i) => ` v${i} = a and a\n`)}`,
  "branches with a local each": `def f(a):\n${many(10_000, (i) => ` if a: v${i} = a\n else: v${i} = 1\n`)}`,
  "branches of one statement": `def f(a):\n if a: pass\n${many(20_000, (i) => ` elif a: v${i} = 1\n`)}`,
  "parameters of one name": `def f(${"a,".repeat(20_000)}): pass`,
  "arguments of one name": `len(${"a = 1,".repeat(20_000)})`,
  "entries of one dict": `x = {${many(30_000, (i) => `${i}: 1,`)}}`,
  loads: many(5_000, (i) => `load("m${i}", "x${i}")\n`),
  "bad lines": ")\n".repeat(100_000),
  "bad escapes": `x = "${"\\q".repeat(100_000)}"`,
  "functions that capture": `def f():\n${many(5_000, (i) => ` v${i} = 1\n`)} def g(): return [${many(5_000, (i) => `v${i},`)}]`,
};
