// From sources to a workflow: every file compiled, each initialised once after those it loads, triggers collected.
import { ok, type Result } from "../protocol/result.ts";
import { type Diagnostic, MAX_SOURCE_BYTES, type Trigger } from "../protocol/workflow.ts";
import {
  Budget,
  compile,
  initModule,
  type Module,
  type Position,
  type Program,
  StarlarkError,
  StarlarkSyntaxError,
  type Value,
} from "../starlark/index.ts";
import type { Declaration } from "./declare/declaration.ts";
import { invalidWorkflow, problem, problemOf } from "./diagnostic.ts";
import { sliceLimits } from "./limits.ts";
import { loadedFile } from "./loaded-file.ts";
import type { Sha256Hex } from "./machine-types.ts";
import { predeclared } from "./predeclared.ts";
import { programDigest, type Sources } from "./program.ts";
import { type ExpressionChecks, handlersOf, triggersOf } from "./triggers.ts";

/** A program that is ready to run. Its values are frozen: the runs of one program can share it. */
export interface Workflow {
  digest: string;
  entry: string;
  triggers: Trigger[];
  /** The function behind a trigger's `handler`; undefined when the program has none of that name. */
  handler(name: string): Value | undefined;
  /** All functions a handler can be, by the names runs find them by: `deploy`, and `lib/x.star:deploy` elsewhere. */
  functions: ReadonlyMap<string, Value>;
}

export interface LoadWorkflowOptions extends ExpressionChecks {
  /** The workflow's name, which its triggers' ids begin with. Default: `workflow`. */
  name?: string;
  sha256Hex: Sha256Hex;
  /** What a file knows besides the language itself. Default: what every file of a workflow does. */
  predeclaredIn?(file: string): Readonly<Record<string, Value>>;
  /** Why a file of another repository could not be had, in a sentence; undefined where nobody tried. */
  whyUnreachable?(file: string): string | undefined;
  /** Takes a program without triggers too: a library, a file of tests. Default false. */
  needsNoTrigger?: boolean;
  /**
   * It was taken before, and its runs need it as it is: what is refused only of new programs is let by. Default false.
   */
  wasTaken?: boolean;
  /** Replaces each file's program before it is initialised, say by one that is observed. Default: as it is. */
  prepare?(program: Program): Program;
}

/**
 * Compiles and loads a program. Refuses `invalid_workflow`, with every mistake that was found as a `Diagnostic` in
 * `details.diagnostics`. A program that declares no trigger is refused: nothing would ever start it.
 *
 * @example loadWorkflow({ entry: "deploy.star", files: { "deploy.star": text } }, { name: "deploy", sha256Hex })
 */
export function loadWorkflow(sources: Sources, options: LoadWorkflowOptions): Result<Workflow> {
  const { entry, files } = sources;
  const compiled = compileAll(sources, options);
  if (compiled.problems.length > 0) return invalidWorkflow(compiled.problems);
  const declarations: Declaration[] = [];
  const initialised = initialise(compiled.programs, declarations, options);
  if (!initialised.ok) return initialised;
  const handlers = handlersOf(initialised.value, entry);
  const { triggers, problems } = triggersOf(declarations, {
    workflow: options.name ?? "workflow",
    handlers,
    checkFilter: options.checkFilter,
    checkKey: options.checkKey,
    wasTaken: options.wasTaken,
  });
  if (declarations.length === 0 && !options.needsNoTrigger) {
    problems.push(
      problem(
        "no-triggers",
        "the workflow declares no trigger, so nothing would ever start it: call on_event(type=…, handler=…), on_schedule(cron=…, handler=…) or on_start(handler) at top level",
        { file: entry, line: 1, column: 1 },
      ),
    );
  }
  if (problems.length > 0) return invalidWorkflow(problems);
  return ok({
    digest: programDigest({ entry, files }, options.sha256Hex),
    entry,
    triggers,
    handler: (name) => handlers.get(name),
    functions: handlers,
  });
}

/** Files to programs, every file after those that it loads. */
function compileAll(
  { entry, files }: Sources,
  { predeclaredIn = () => predeclared, prepare = (program) => program, whyUnreachable }: LoadWorkflowOptions,
): { programs: Map<string, Program>; problems: Diagnostic[] } {
  const programs = new Map<string, Program>();
  const problems: Diagnostic[] = [];
  const start = { file: entry, line: 1, column: 1 };
  const bytes = Object.values(files).reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
  if (bytes > MAX_SOURCE_BYTES) {
    const message = `the files are ${bytes} bytes, the limit is ${MAX_SOURCE_BYTES}`;
    return { programs, problems: [problem("too-large", message, start)] };
  }
  /** Files on the way from the entry to the one that is visited. */
  const path: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, text: string): void => {
    seen.add(file);
    const program = compileFile(file, text, Object.keys(predeclaredIn(file)), problems);
    if (!program) return;
    path.push(file);
    for (const [module, position] of loadsOf(program)) {
      const target = loadedFile(module, file);
      const source = target !== undefined && Object.hasOwn(files, target) ? files[target] : undefined;
      if (target === undefined || source === undefined) {
        const why = target && whyUnreachable?.(target);
        problems.push(
          why
            ? problem("load-unreachable", why, position)
            : problem("load-not-found", `cannot load ${module}: the program has no such file`, position),
        );
      } else if (path.includes(target)) {
        const cycle = [...path.slice(path.indexOf(target)), target].join(" -> ");
        problems.push(problem("load-cycle", `files load each other in a circle: ${cycle}`, position));
      } else if (!seen.has(target)) {
        visit(target, source);
      }
    }
    path.pop();
    programs.set(file, prepare(program));
  };
  const text = Object.hasOwn(files, entry) ? files[entry] : undefined;
  if (text === undefined) problems.push(problem("no-entry", `the program has no file ${entry}`, start));
  else visit(entry, text);
  return { programs, problems };
}

/** The modules that a file loads, each where it first does. */
function loadsOf({ loadedNames }: Program): Map<string, Position> {
  const loads = new Map<string, Position>();
  for (const { module, position } of loadedNames) if (!loads.has(module)) loads.set(module, position);
  return loads;
}

function compileFile(
  file: string,
  text: string,
  names: string[],
  problems: Diagnostic[],
): Program | undefined {
  try {
    return compile(text, { file, predeclared: names });
  } catch (error) {
    if (!(error instanceof StarlarkSyntaxError)) throw error;
    problems.push(...error.diagnostics);
    return undefined;
  }
}

function initialise(
  programs: ReadonlyMap<string, Program>,
  declarations: Declaration[],
  { predeclaredIn = () => predeclared }: LoadWorkflowOptions,
): Result<Map<string, Module>> {
  const modules = new Map<string, Module>();
  for (const [file, program] of programs) {
    try {
      const module = initModule(program, {
        predeclared: predeclaredIn(file),
        loaded: (name) => moduleOf(modules, name, file),
        budget: new Budget(sliceLimits),
        hostData: declarations,
      });
      modules.set(file, module);
    } catch (error) {
      if (!(error instanceof StarlarkError)) throw error;
      return invalidWorkflow([problemOf(error, file)]);
    }
  }
  return ok(modules);
}

function moduleOf(modules: ReadonlyMap<string, Module>, name: string, from: string): Module {
  const module = modules.get(loadedFile(name, from) ?? "");
  if (!module) throw new Error(`${name} was not initialised before ${from}`);
  return module;
}
