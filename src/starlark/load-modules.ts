/**
 * Files that load each other. Everything is fetched and compiled first, then the modules are
 * initialised, each once, after those it loads: running a program never waits for a fetch.
 */
import { type Position, StarlarkError } from "./errors.ts";
import { initModule, type Module, type ModuleEnvironment } from "./module.ts";
import { type CompileOptions, compile, type Program } from "./program.ts";

export interface SourceText {
  /** What identifies the file: two loads that resolve to the same file share one module. */
  readonly file: string;
  readonly source: string;
}

/** Finds the file that a `load` in another file means. Rejects when there is none. */
export type ModuleResolver = (module: string, from: string) => Promise<SourceText>;

/** Programs with all that they load. */
export interface ProgramGraph {
  readonly entry: string;
  /** By file, every file after those that it loads. */
  readonly programs: ReadonlyMap<string, Program>;
  /** The file that a `load` in a file means. */
  readonly fileOf: (module: string, from: string) => string;
}

/**
 * Fetches and compiles a file and everything it loads. Rejects with StarlarkSyntaxError for invalid
 * source, and with StarlarkError for a cycle (`LoadCycle`) or a file that cannot be fetched
 * (`LoadFailed`).
 */
export async function loadPrograms(
  entry: SourceText,
  resolve: ModuleResolver,
  options: Omit<CompileOptions, "file"> = {},
): Promise<ProgramGraph> {
  const programs = new Map<string, Program>();
  const targets = new Map<string, string>();
  const visit = async ({ file, source }: SourceText, path: readonly string[]): Promise<void> => {
    if (programs.has(file)) return;
    const program = compile(source, { ...options, file });
    for (const module of program.loads) {
      const position = program.loadedNames.find((name) => name.module === module)?.position;
      const target = await resolveLoad(resolve, module, file, position);
      targets.set(targetKey(module, file), target.file);
      const cycleStart = [...path, file].indexOf(target.file);
      if (cycleStart >= 0) throw loadCycle([...path, file].slice(cycleStart), target.file, position);
      await visit(target, [...path, file]);
    }
    programs.set(file, program);
  };
  await visit(entry, []);
  return {
    entry: entry.file,
    programs,
    fileOf: (module, from) => targets.get(targetKey(module, from)) ?? module,
  };
}

function targetKey(module: string, from: string): string {
  return JSON.stringify([from, module]);
}

async function resolveLoad(
  resolve: ModuleResolver,
  module: string,
  from: string,
  position: Position | undefined,
): Promise<SourceText> {
  try {
    return await resolve(module, from);
  } catch (cause) {
    if (cause instanceof StarlarkError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw loadError(`cannot load ${module}: ${reason}`, "LoadFailed", position, cause);
  }
}

function loadCycle(files: readonly string[], back: string, position: Position | undefined): StarlarkError {
  return loadError(`cycle in load graph: ${[...files, back].join(" -> ")}`, "LoadCycle", position);
}

function loadError(
  message: string,
  code: string,
  position: Position | undefined,
  cause?: unknown,
): StarlarkError {
  const error = new StarlarkError(message, { code, details: position, cause });
  if (position !== undefined) error.traceback = [{ ...position, function: "<toplevel>" }];
  return error;
}

/** Modules by file; `entry` is that of the file that was asked for. */
export interface ModuleGraph {
  readonly entry: Module;
  readonly modules: ReadonlyMap<string, Module>;
}

/** Initialises programs, each after those that it loads. Throws as `initModule` does. */
export function initModules(
  graph: ProgramGraph,
  environment: Omit<ModuleEnvironment, "loaded"> = {},
): ModuleGraph {
  const modules = new Map<string, Module>();
  const get = (file: string): Module => {
    const module = modules.get(file);
    if (module === undefined) throw new TypeError(`${file} is not initialised`);
    return module;
  };
  for (const [file, program] of graph.programs) {
    const loaded = (module: string) => get(graph.fileOf(module, file));
    modules.set(file, initModule(program, { ...environment, loaded }));
  }
  return { entry: get(graph.entry), modules };
}

/** `loadPrograms`, then `initModules`; the names of `predeclared` are known in every file. */
export async function loadModules(
  entry: SourceText,
  resolve: ModuleResolver,
  options: Omit<CompileOptions, "file" | "predeclared"> & Omit<ModuleEnvironment, "loaded"> = {},
): Promise<ModuleGraph> {
  const { dialect, ...environment } = options;
  const predeclared = Object.keys(environment.predeclared ?? {});
  const graph = await loadPrograms(entry, resolve, {
    predeclared,
    ...(dialect === undefined ? {} : { dialect }),
  });
  return initModules(graph, environment);
}
