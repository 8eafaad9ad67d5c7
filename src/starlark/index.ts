/**
 * Starlark: a small, deterministic Python for configuration and workflows, for any JavaScript host.
 *
 * Compile, run, and call what it defines:
 *
 *     const program = compile('def greet(name): return greeting + ", " + name', {
 *       file: "hello.star",
 *       predeclared: ["greeting"],
 *     });
 *     const module = initModule(program, { predeclared: { greeting: "Hello" } });
 *     const fiber = new Fiber(module.globals.get("greet") ?? null, ["world"]);
 *     const state = fiber.run(); // { kind: "done", value: "Hello, world" }
 *
 * Find mistakes without running: `check(source, { file })` gives diagnostics with positions.
 * `compile` throws a StarlarkSyntaxError with all of them. A tool of your own begins with `parse`, which gives
 * the tree with its names resolved.
 *
 * Give a program builtins, as predeclared values:
 *
 *     const shout = defineBuiltin("shout", "text: string, times?: index", (ctx, text: string, times = 1) => {
 *       ctx.charge(1, text.length * times); // before allocating
 *       return text.toUpperCase().repeat(times);
 *     });
 *
 * Let it wait. A builtin suspends its fiber, the host sees the request and resumes it with a value or
 * fails it with an error, now or much later; meanwhile the fiber is plain data:
 *
 *     const ask = defineBuiltin("ask", "question: string", (ctx, question: string) => ctx.suspend({ question }));
 *     let state = fiber.run();
 *     while (state.kind === "suspended") state = fiber.resume(await answer(state.request));
 *     if (state.kind === "failed") console.error(state.error.format());
 *
 * Keep it in bounds: pass `new Budget({ maxSteps: 1e6, maxAllocatedBytes: 64e6 })` to `initModule` or
 * `Fiber`; past it the program fails with a BudgetError (`BudgetExceeded`) and its position. `reset()`
 * the budget between resumptions to bound each slice rather than the whole.
 *
 * Define a type of your own: extend `HostObject`. Define a module: `new StarlarkModule("geo", {...})`.
 * Load files: `loadModules` fetches and compiles all, then initialises each once.
 * Data comes in by `fromJson` and goes out by `toJson`; `encodeValue` and `decodeValue` keep every
 * value exact.
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
  loadModules,
  loadPrograms,
  type ModuleGraph,
  type ModuleResolver,
  type ProgramGraph,
  type SourceText,
} from "./load-modules.ts";
export { Fiber, type FiberOptions, type FiberState } from "./machine/fiber.ts";
export { initModule, type Module, type ModuleEnvironment } from "./module.ts";
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
export { nearestName } from "./value/spelling.ts";
export { makeStruct, StarlarkModule, StarlarkStruct } from "./value/struct.ts";
export { freeze, HeapValue, truth, typeName, type Value } from "./value/value.ts";
