/**
 * Starlark: a small, deterministic Python for configuration and workflows, for any JavaScript host, without eval
 * and without a dependency. docs/starlark.md says which dialect it is, and what is guaranteed.
 *
 * The examples run as they stand, with everything imported from this file.
 *
 * Run a file, and use what it defines:
 *
 *     const program = compile("x = 6 * 7", { file: "answer.star" });
 *     const module = initModule(program);
 *     module.globals.get("x"); // => 42
 *
 * Call a function of it. A fiber is one line of execution:
 *
 *     const source = 'def greet(name, mark = "!"): return greeting + ", " + name + mark';
 *     const program = compile(source, { file: "hello.star", predeclared: ["greeting"] });
 *     const module = initModule(program, { predeclared: { greeting: "Hello" } });
 *     const greet = module.globals.get("greet") ?? null;
 *     new Fiber(greet, ["world"]).run(); // => { kind: "done", value: "Hello, world!" }
 *     new Fiber(greet, [], [["name", "you"]]).run(); // => { kind: "done", value: "Hello, you!" }
 *
 * Find mistakes without running: all of them, with places and hints. `compile` throws a StarlarkSyntaxError with
 * the same diagnostics. A tool of your own begins with `parse`, which gives the tree with its names resolved.
 *
 *     const [first] = check("count = 1\nprint(cuont)", { file: "typo.star" });
 *     [first?.line, first?.column, first?.message]; // => [2, 7, "undefined: cuont"]
 *     first?.hint; // => "did you mean count?"
 *
 * An error while running has a code and a traceback; `format()` draws it with source lines and carets:
 *
 *     let error: unknown;
 *     try {
 *       initModule(compile("def half(x): return x // 0\nhalf(1)", { file: "half.star" }));
 *     } catch (caught) {
 *       error = caught;
 *     }
 *     error instanceof EvaluationError && error.message; // => "floored division by zero"
 *     error instanceof EvaluationError && error.traceback.map((frame) => frame.line); // => [2, 1]
 *
 * Give programs functions of your own. The signature is text: `/` ends what is given by position only, `*` begins
 * what is given by name only, `?` marks what may be left out:
 *
 *     const signature = "text: string, /, *, times?: index";
 *     const shout = defineBuiltin("shout", signature, (ctx, text: string, times = 1) => {
 *       ctx.charge(1, text.length * times); // before allocating
 *       return text.toUpperCase().repeat(times);
 *     });
 *     const program = compile('x = shout("ha", times = 2)', { file: "a.star", predeclared: ["shout"] });
 *     initModule(program, { predeclared: { shout } }).globals.get("x"); // => "HAHA"
 *
 * Let programs wait. A builtin suspends its fiber, the host sees the request, and resumes the fiber with a value
 * or fails it with an error, now or much later; meanwhile the fiber is plain data that costs nothing:
 *
 *     const ask = defineBuiltin("ask", "question: string", (ctx, question: string) => {
 *       return ctx.suspend({ question });
 *     });
 *     const source = 'def main(): return "so " + ask("why?")';
 *     const program = compile(source, { file: "a.star", predeclared: ["ask"] });
 *     const main = initModule(program, { predeclared: { ask } }).globals.get("main") ?? null;
 *     const fiber = new Fiber(main);
 *     fiber.run(); // => { kind: "suspended", request: { question: "why?" } }
 *     fiber.resume("because"); // => { kind: "done", value: "so because" }
 *
 * Keep programs in bounds: past its budget a program fails, with the place where it was, and nothing else
 * happens to the host. `reset()` starts a new slice, so that waiting is free and each turn is bounded:
 *
 *     const budget = new Budget({ maxSteps: 10_000, maxAllocatedBytes: 1_000_000, maxDepth: 100 });
 *     const { globals } = initModule(compile("def f(): return [0] * 1000000", { file: "a.star" }));
 *     const state = new Fiber(globals.get("f") ?? null, [], [], { budget }).run();
 *     state.kind === "failed" && state.error.code; // => "BudgetExceeded"
 *
 * Make a type of your own, and a module of your own:
 *
 *     class Version extends HostObject {
 *       readonly major: number;
 *       constructor(major: number) {
 *         super();
 *         this.major = major;
 *       }
 *       override get type() {
 *         return "version";
 *       }
 *       override attribute(name: string) {
 *         return name === "major" ? this.major : undefined;
 *       }
 *       override attributeNames() {
 *         return ["major"];
 *       }
 *     }
 *     const parse = defineBuiltin("semver.parse", "text: string, /", (_ctx, text: string) => {
 *       return new Version(Number.parseInt(text, 10));
 *     });
 *     const predeclared = { ...standardModules, semver: new StarlarkModule("semver", { parse }) };
 *     const source = 'x = json.encode([semver.parse("3.1").major, hasattr(semver.parse("1"), "minor")])';
 *     const program = compile(source, { file: "a.star", predeclared: Object.keys(predeclared) });
 *     initModule(program, { predeclared }).globals.get("x"); // => "[3,false]"
 *
 * Load files from wherever they are. All are fetched and compiled first, then each is initialised once and frozen;
 * a cache remembers them by their content:
 *
 *     const files: Record<string, string> = { "lib.star": "def double(x): return 2 * x" };
 *     const resolve = async (module: string) => ({ file: module, source: files[module] ?? "" });
 *     const main = { file: "main.star", source: 'load("lib.star", "double")\nx = double(21)' };
 *     const { entry } = await loadModules(main, resolve, { cache: new ModuleCache() });
 *     entry.globals.get("x"); // => 42
 *
 * Move data in and out: as JSON, or exactly, whatever its types:
 *
 *     toJson(fromJson({ a: [1, null] })); // => { a: [1, null] }
 *     const value = new StarlarkTuple([1n << 80n, new StarlarkFloat(1)]);
 *     repr(decodeValue(JSON.parse(JSON.stringify(encodeValue(value))))); // => "(1208925819614629174706176, 1.0)"
 *
 * A value is a JavaScript string, boolean, null (None), number or bigint (int; a number while it is a safe
 * integer), or one of the classes below: StarlarkFloat, StarlarkList, StarlarkDict and so on.
 */

export { Budget, type BudgetLimits } from "./budget.ts";
export type { Dialect } from "./dialect.ts";
export {
  BudgetError,
  type Diagnostic,
  EvaluationError,
  type Frame,
  type Position,
  StarlarkError,
  type StarlarkErrorOptions,
  StarlarkSyntaxError,
} from "./errors.ts";
export { decodeValue, encodeValue } from "./journal-value.ts";
export { fromJson, type JsonValue, toJson } from "./json-value.ts";
export { standardModules } from "./library/modules.ts";
export { makeTimeModule } from "./library/time-module.ts";
export { universe } from "./library/universe.ts";
export {
  initModules,
  type LoadOptions,
  loadModules,
  loadPrograms,
  type ModuleGraph,
  type ModuleResolver,
  type ProgramGraph,
  type SourceText,
} from "./load-modules.ts";
export { Fiber, type FiberOptions, type FiberState } from "./machine/fiber.ts";
export { initModule, type Module, type ModuleEnvironment } from "./module.ts";
export { ModuleCache } from "./module-cache.ts";
export {
  type CompileOptions,
  check,
  compile,
  type LoadedName,
  type ParsedSource,
  type Program,
  parse,
} from "./program.ts";
export {
  blocksOf,
  childrenOf,
  forEachExpression,
  forEachFunction,
  forEachStatement,
} from "./resolve/walk.ts";
export type { SourceFile } from "./source-file.ts";
export type * as ast from "./syntax/ast.ts";
export type { Binding, FunctionScope } from "./syntax/binding.ts";
export { StarlarkBytes } from "./value/bytes.ts";
export type {
  CallContext,
  CallResult,
  Continuation,
  Deferred,
  KeywordArgument,
  Outcome,
} from "./value/call.ts";
export { CaughtError } from "./value/caught-error.ts";
export { defineBuiltin, defineMethod, type MethodTable } from "./value/define.ts";
export { StarlarkDict } from "./value/dict.ts";
export { equals } from "./value/equality.ts";
export { StarlarkFloat } from "./value/float.ts";
export { Builtin, StarlarkFunction } from "./value/function.ts";
export { type BinaryOperator, HostObject } from "./value/host-object.ts";
export { collect, iterate } from "./value/iterate.ts";
export { StarlarkList, StarlarkTuple } from "./value/list.ts";
export { StarlarkRange } from "./value/range.ts";
export { repr, str } from "./value/repr.ts";
export { StarlarkSet } from "./value/set.ts";
export { nearestName, spellingHint } from "./value/spelling.ts";
export { makeStruct, StarlarkModule, StarlarkStruct } from "./value/struct.ts";
export { freeze, HeapValue, truth, typeName, type Value } from "./value/value.ts";
