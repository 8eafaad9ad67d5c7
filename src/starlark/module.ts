/** Modules: programs whose top level has run. */
import type { Budget } from "./budget.ts";
import { EvaluationError, type Position, StarlarkError } from "./errors.ts";
import { universe } from "./library/universe.ts";
import { Fiber } from "./machine/fiber.ts";
import type { Program } from "./program.ts";
import { type ModuleScope, StarlarkFunction } from "./value/function.ts";
import { spellingHint } from "./value/spelling.ts";
import { freeze, type Value } from "./value/value.ts";

/** What a file defines. Its values are frozen. */
export interface Module {
  readonly file: string;
  /** Its global variables, in the order of the file, without those that it loaded. */
  readonly globals: ReadonlyMap<string, Value>;
}

export interface ModuleEnvironment {
  /** Values of the names that the program was compiled with as predeclared. */
  readonly predeclared?: Readonly<Record<string, Value>>;
  /** Gives the modules that the program loads; needed only if it does. */
  readonly loaded?: (module: string) => Module;
  /** Default: no limit but that of depth. */
  readonly budget?: Budget;
  /** Receives what `print` prints. */
  readonly print?: (text: string, position: Position) => void;
  /** What builtins see as `ctx.hostData`. */
  readonly hostData?: unknown;
}

/**
 * Runs the top level of a program and freezes what it defines. Throws StarlarkError when it fails;
 * waiting for the host at top level is an error (`SuspendedAtTopLevel`).
 */
export function initModule(program: Program, environment: ModuleEnvironment = {}): Module {
  const scope: ModuleScope = {
    file: program.file,
    globals: program.globals.map(() => undefined),
    globalNames: program.globals.map(({ name }) => name),
    isLoaded: program.globals.map(({ isLoaded }) => isLoaded),
    predeclared: outsideValues(program, environment.predeclared ?? {}),
    loadName: (index) => loadName(program, index, environment.loaded),
  };
  const { budget, print, hostData } = environment;
  const fiber = new Fiber(new StarlarkFunction(program.topLevel, scope, [], []), [], [], {
    ...(budget === undefined ? {} : { budget }),
    ...(print === undefined ? {} : { print }),
    hostData,
  });
  const state = fiber.run();
  for (const value of scope.globals) if (value !== undefined) freeze(value);
  if (state.kind === "failed") throw state.error;
  if (state.kind === "suspended") throw suspendedAtTopLevel(fiber);
  const globals = new Map<string, Value>();
  for (const [index, { name, isLoaded }] of program.globals.entries()) {
    const value = scope.globals[index];
    if (value !== undefined && !isLoaded) globals.set(name, value);
  }
  return { file: program.file, globals };
}

function outsideValues(program: Program, predeclared: Readonly<Record<string, Value>>): Value[] {
  return program.outsideNames.map(({ name, isUniversal }) => {
    const value = isUniversal
      ? universe.get(name)
      : Object.hasOwn(predeclared, name)
        ? predeclared[name]
        : undefined;
    if (value === undefined) {
      throw new EvaluationError(`predeclared variable ${name} has no value: pass it to initModule`);
    }
    return value;
  });
}

function loadName(program: Program, index: number, loaded: ModuleEnvironment["loaded"]): Value {
  const wanted = program.loadedNames[index];
  if (wanted === undefined) throw new TypeError(`no load number ${index} in ${program.file}`);
  if (loaded === undefined) throw new EvaluationError("load not implemented by this application");
  const { globals } = loaded(wanted.module);
  const value = globals.get(wanted.name);
  if (value === undefined) {
    const hint = spellingHint(wanted.name, globals.keys());
    throw new EvaluationError(`load: name ${wanted.name} not found in module ${wanted.module}${hint}`);
  }
  return value;
}

function suspendedAtTopLevel(fiber: Fiber): StarlarkError {
  const error = new StarlarkError("cannot wait at top level: call this from a function that the host runs", {
    code: "SuspendedAtTopLevel",
  });
  error.traceback = fiber.callStack;
  return error;
}
