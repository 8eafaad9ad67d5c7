/** Generated programs and arbitrary text: the same result however often one waits, and never an internal error. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Budget,
  Builtin,
  check,
  compile,
  decodeValue,
  defineBuiltin,
  encodeValue,
  Fiber,
  type FiberState,
  initModule,
  type KeywordArgument,
  repr,
  StarlarkError,
  StarlarkList,
  standardModules,
  universe,
  type Value,
} from "../../src/starlark/index.ts";
import { SourceFile } from "../../src/starlark/source-file.ts";
import { Diagnostics } from "../../src/starlark/syntax/diagnostics.ts";
import { parseFile } from "../../src/starlark/syntax/parser.ts";
import { program } from "./program-generator.ts";
import { printFile } from "./program-printer.ts";

const LIMITS = { maxSteps: 100_000, maxAllocatedBytes: 16 * 1024 * 1024, maxDepth: 200 };

/**
 * What `ask` answers: something that depends on the question, so that a lost or doubled answer shows. Never a
 * part of the question itself: answers come from outside.
 */
const answerTo = (question: Value): Value => {
  const text = repr(question);
  if (text.length % 3 === 0) return text.length;
  return text.length % 3 === 1 ? text.slice(0, 5) : new StarlarkList([text.slice(-5), text.length]);
};

/** A request that asks nothing. */
const PAUSE = Symbol("pause");

const attempt = defineBuiltin("attempt", "f: callable, /", (ctx, f: Value) =>
  ctx.attempt(f, [], [], (outcome) => (outcome.ok ? outcome.value : outcome.error.message)),
);
const askAtOnce = defineBuiltin("ask", "question, /", (_ctx, question: Value) => answerTo(question));
const askHost = defineBuiltin("ask", "question, /", (ctx, question: Value) => ctx.suspend(question));
const askHostTwice = defineBuiltin("ask", "question, /", (ctx, question: Value) =>
  ctx.suspend(PAUSE, () => ctx.suspend(question)),
);

const DIALECT = { recursion: true, while: true };

/** The answers of a host, as they would be kept: as JSON text. */
type Journal = string[];

interface Run {
  /** The value or the error that the program ended with. */
  readonly result: string;
  readonly budget: Budget;
  readonly journal: Journal;
  /** Where the program waited, each time. */
  readonly places: string[];
}

const budgetOfRun = (): Budget => new Budget(LIMITS);

function start(source: string, predeclared: Readonly<Record<string, Value>>, budget: Budget): Fiber {
  const compiled = compile(source, {
    file: "f.star",
    dialect: DIALECT,
    predeclared: Object.keys(predeclared),
  });
  const main = initModule(compiled, { predeclared }).globals.get("main") ?? null;
  const kwargs: KeywordArgument[] = [["c", "see"]];
  return new Fiber(main, [1, "bee"], kwargs, { budget });
}

/** Runs a program; what it asks is answered from the journal first. */
function run(source: string, predeclared: Readonly<Record<string, Value>>, known: Journal = []): Run {
  const budget = budgetOfRun();
  const journal: Journal = [];
  const places: string[] = [];
  const fiber = start(source, predeclared, budget);
  let state: FiberState = fiber.run();
  while (state.kind === "suspended") {
    const question = state.request;
    const answer = known[journal.length] ?? encode(question === PAUSE ? null : answerTo(question as Value));
    journal.push(answer);
    places.push(JSON.stringify(fiber.callStack));
    state = fiber.resume(decodeValue(JSON.parse(answer)));
  }
  if (state.kind === "done") return { result: repr(state.value), budget, journal, places };
  const { error } = state;
  const where = error.traceback
    .filter(({ file }) => file === "f.star")
    .map(({ line, column }) => [line, column]);
  return { result: `${error.code}: ${error.message} at ${JSON.stringify(where)}`, budget, journal, places };
}

const encode = (value: Value): string => JSON.stringify(encodeValue(value));

const library = { ...standardModules, attempt };

/** Functions of the language that each wait for the host before they do anything. */
const waitingUniverse: Record<string, Value> = Object.fromEntries(
  [...universe].flatMap(([name, value]) => (value instanceof Builtin ? [[name, waiting(name, value)]] : [])),
);

function waiting(name: string, builtin: Builtin): Value {
  return defineBuiltin(name, "*args, **kwargs", (ctx, args: Value[], kwargs: KeywordArgument[]) =>
    ctx.suspend(PAUSE, () => ctx.call(builtin, args, kwargs)),
  );
}

/** What a program ends with when it never waits; undefined for one that does too much. */
function resultAtOnce(source: string): string | undefined {
  const { result } = run(source, { ...library, ask: askAtOnce });
  // Waiting costs steps of its own; at the limit the two may part.
  return result.startsWith("BudgetExceeded") ? undefined : result;
}

test("a program that waits has the result of one that does not, wherever it waits", () => {
  let failures = 0;
  let runs = 0;
  fc.assert(
    fc.property(program, (source) => {
      const result = resultAtOnce(source);
      fc.pre(result !== undefined);
      runs++;
      if (result.startsWith("EvalError")) failures++;
      expect(run(source, { ...library, ask: askHost }).result).toBe(result);
      expect(run(source, { ...library, ask: askHostTwice }).result).toBe(result);
      expect(run(source, { ...library, ...waitingUniverse, ask: askHostTwice }).result).toBe(result);
    }),
    { numRuns: 120 },
  );
  // Programs that nearly all fail at once would show nothing.
  expect(failures).toBeLessThan(runs / 2);
});

test("a program that goes on in a copy, from what was kept of the first, ends as the first", () => {
  const predeclared = { ...library, ...waitingUniverse, ask: askHost };
  fc.assert(
    fc.property(program, fc.nat(), (source, choice) => {
      const first = run(source, predeclared);
      fc.pre(first.journal.length > 0 && !first.result.startsWith("BudgetExceeded"));
      // Power is cut at some wait: a new fiber of newly compiled source is given what was answered so far.
      const kept = first.journal.slice(0, choice % (first.journal.length + 1));
      const copy = run(source, predeclared, kept);
      expect([copy.result, copy.places, copy.journal]).toEqual([first.result, first.places, first.journal]);
      expect(copy.budget.stepsUsed).toBe(first.budget.stepsUsed);
      expect(copy.budget.bytesUsed).toBe(first.budget.bytesUsed);
    }),
    { numRuns: 80 },
  );
});

/** The tree of a source without places, and without what the resolver adds. */
function treeOf(source: string): unknown {
  const diagnostics = new Diagnostics(new SourceFile("f.star", source));
  const tree = parseFile(source, diagnostics);
  expect(diagnostics.sorted()).toEqual([]);
  const places =
    "start end height operatorStart parenthesis bracket dot attributeStart originalStart colon scope binding";
  const ignored = new Set(places.split(" "));
  const show = (key: string, value: unknown): unknown =>
    ignored.has(key) && key !== "" ? undefined : typeof value === "bigint" ? `${value}n` : value;
  return JSON.parse(JSON.stringify(tree, show));
}

test("a program that is printed from its tree has the same tree and the same result", () => {
  fc.assert(
    fc.property(program, (source) => {
      const printed = printSource(source);
      expect(treeOf(printed)).toEqual(treeOf(source));
      expect(printSource(printed)).toBe(printed);
      const withoutPlaces = (result: string | undefined): string | undefined =>
        result?.replace(/ at \[\[.*$/, "");
      expect(withoutPlaces(resultAtOnce(printed))).toBe(withoutPlaces(resultAtOnce(source)));
    }),
    { numRuns: 80 },
  );
});

test("any two operators nest as they are written", () => {
  const operators = [
    "or",
    "and",
    "==",
    "<",
    "in",
    "not in",
    "|",
    "^",
    "&",
    "<<",
    ">>",
    "-",
    "+",
    "*",
    "%",
    "/",
    "//",
  ];
  const pairs = operators.flatMap((first) => operators.map((second) => [first, second]));
  const nested = pairs.flatMap(([first, second]) => [
    `(a ${first} b) ${second} c`,
    `a ${first} (b ${second} c)`,
    `not (a ${first} b) ${second} c`,
    `-(a ${first} b) ${second} (c if a else b)`,
    `(not a) ${first} (lambda: b ${second} c)`,
    `(a ${first} b if b else c) ${second} a.b[c]`,
  ]);
  for (const source of nested) {
    const printed = printSource(source);
    expect(treeOf(printed), printed).toEqual(treeOf(source));
  }
});

function printSource(source: string): string {
  return printFile(parseFile(source, new Diagnostics(new SourceFile("f.star", source))));
}

test("a program uses the same budget every time", () => {
  fc.assert(
    fc.property(program, (source) => {
      const [first, second] = [1, 2].map(() => run(source, { ...library, ask: askHost }).budget);
      expect([second?.stepsUsed, second?.bytesUsed]).toEqual([first?.stepsUsed, first?.bytesUsed]);
    }),
    { numRuns: 100 },
  );
});

/** Checks a text; what is wrong must come out as diagnostics within the text. */
function checkText(text: string): void {
  const lines = text.split("\n").length;
  for (const { line, column, message } of check(text, { file: "f.star" })) {
    expect(message).not.toBe("");
    expect(line).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThan(0);
  }
  try {
    compile(text, { file: "f.star" });
  } catch (error) {
    expect(error).toBeInstanceOf(StarlarkError);
  }
}

const TOKENS = [
  ..."()[]{},:;.=+-*/%<>|&^~\\\n\t #'\"x1_é😀\0\r",
  ..."def|if|elif|else|for|in|not|and|or|lambda|return|pass|break|continue|load|while".split("|"),
  ..."**|//|<<|>>|==|!=|<=|>=|+=|//=|<<=|'''|\"\"\"|r'|b'|rb\"|\\x4|\\u00e|\\U1|0x|0o7|1e|1.5|.5|1 << 2|    |\n  |\n\n".split(
    "|",
  ),
  "None",
  "def f(x, *args, y = 1, **kw):\n  return x\n",
  "[x for x in y if z]",
];

test("no sequence of tokens confuses the scanner and the parser", () => {
  const text = fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }).map((tokens) => tokens.join(""));
  fc.assert(fc.property(text, checkText), { numRuns: 1000 });
});

test("no text confuses the scanner and the parser", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 80 }), checkText), { numRuns: 500 });
});

test("no damage to a program confuses the scanner and the parser", () => {
  fc.assert(
    fc.property(
      program,
      fc.nat(),
      fc.nat(20),
      fc.constantFrom(...TOKENS, ""),
      (source, place, size, token) => {
        const at = place % source.length;
        checkText(source.slice(0, at) + token + source.slice(at + size));
      },
    ),
    { numRuns: 300 },
  );
});
