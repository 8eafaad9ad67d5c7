/** Generated programs and arbitrary text: the same result however often one waits, and never an internal error. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Budget,
  check,
  compile,
  defineBuiltin,
  Fiber,
  type FiberState,
  initModule,
  type KeywordArgument,
  repr,
  StarlarkError,
  type Value,
} from "../../src/starlark/index.ts";
import { standardModules } from "../../src/starlark/library/modules.ts";
import { program } from "./program-generator.ts";

const LIMITS = { maxSteps: 300_000, maxAllocatedBytes: 16 * 1024 * 1024, maxDepth: 200 };

/** What `ask` answers: something that depends on the question, so that a lost or doubled answer shows. */
const answerTo = (question: Value): Value => {
  const text = repr(question);
  return text.length % 3 === 0 ? text.length : text.length % 3 === 1 ? text.slice(0, 5) : question;
};

/** A request that asks nothing. */
const PAUSE = Symbol("pause");

const attempt = defineBuiltin("attempt", "f: callable, /", (ctx, f: Value) =>
  ctx.attempt(f, [], (outcome) => (outcome.ok ? outcome.value : outcome.error.message)),
);
const askAtOnce = defineBuiltin("ask", "question, /", (_ctx, question: Value) => answerTo(question));
const askHost = defineBuiltin("ask", "question, /", (ctx, question: Value) => ctx.suspend(question));
const askHostTwice = defineBuiltin("ask", "question, /", (ctx, question: Value) =>
  ctx.suspend(PAUSE, () => ctx.suspend(question)),
);

const DIALECT = { recursion: true };

function run(source: string, ask: Value): { result: string; budget: Budget } {
  const predeclared = { ...standardModules, attempt, ask };
  const compiled = compile(source, {
    file: "f.star",
    dialect: DIALECT,
    predeclared: Object.keys(predeclared),
  });
  const main = initModule(compiled, { predeclared }).globals.get("main") ?? null;
  const budget = new Budget(LIMITS);
  const kwargs: KeywordArgument[] = [["c", "see"]];
  const fiber = new Fiber(main, [1, "bee"], kwargs, { budget });
  let state: FiberState = fiber.run();
  while (state.kind === "suspended") {
    const question = state.request;
    state = fiber.resume(question === PAUSE ? null : answerTo(question as Value));
  }
  if (state.kind === "failed") {
    const { error } = state;
    return { result: `${error.code}: ${error.message} at ${JSON.stringify(error.traceback)}`, budget };
  }
  return { result: repr(state.kind === "done" ? state.value : null), budget };
}

test("a program that waits has the result of one that does not", () => {
  let failures = 0;
  let runs = 0;
  fc.assert(
    fc.property(program, (source) => {
      const atOnce = run(source, askAtOnce);
      // Waiting costs steps of its own; at the limit the two may part.
      fc.pre(!atOnce.result.startsWith("BudgetExceeded"));
      runs++;
      if (atOnce.result.startsWith("EvalError")) failures++;
      expect(run(source, askHost).result).toBe(atOnce.result);
      expect(run(source, askHostTwice).result).toBe(atOnce.result);
    }),
    { numRuns: 300 },
  );
  // Programs that nearly all fail at once would show nothing.
  expect(failures).toBeLessThan(runs / 2);
});

test("a program uses the same budget every time", () => {
  fc.assert(
    fc.property(program, (source) => {
      const [first, second] = [run(source, askHost).budget, run(source, askHost).budget];
      expect([second.stepsUsed, second.bytesUsed]).toEqual([first.stepsUsed, first.bytesUsed]);
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
  fc.assert(fc.property(text, checkText), { numRuns: 1500 });
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
