/**
 * Files that load each other. Everything is fetched and compiled first, then the modules are
 * initialised, each once, after those it loads: running a program never waits for a fetch.
 */
import { type Position, StarlarkError } from "./errors.ts";
import { initModule, type Module, type ModuleEnvironment } from "./module.ts";
import { digestOf, type ModuleCache } from "./module-cache.ts";
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
  /** By file, what tells it and all it loads from any other; only when there is a cache. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface LoadOptions extends Omit<CompileOptions, "file"> {
  /** Remembers what was loaded before; default: nothing is. */
  readonly cache?: ModuleCache;
}

/**
 * Fetches and compiles a file and everything it loads. Rejects with StarlarkSyntaxError for invalid
 * source, and with StarlarkError for a cycle (`LoadCycle`) or a file that cannot be fetched
 * (`LoadFailed`).
 */
export async function loadPrograms(
  entry: SourceText,
  resolve: ModuleResolver,
  options: LoadOptions = {},
): Promise<ProgramGraph> {
  const { cache, ...compileOptions } = options;
  const programs = new Map<string, Program>();
  const digests = new Map<string, string>();
  const targets = new Map<string, string>();
  const visit = async ({ file, source }: SourceText, path: readonly string[]): Promise<void> => {
    if (programs.has(file)) return;
    const { program, digest } = compileFile({ file, source }, compileOptions, cache);
    for (const module of program.loads) {
      const position = program.loadedNames.find((name) => name.module === module)?.position;
      const target = await resolveLoad(resolve, module, file, position);
      targets.set(targetKey(module, file), target.file);
      const cycleStart = [...path, file].indexOf(target.file);
      if (cycleStart >= 0) throw loadCycle([...path, file].slice(cycleStart), target.file, position);
      await visit(target, [...path, file]);
    }
    programs.set(file, program);
    if (digest === undefined) return;
    const loaded = program.loads.map((module) => [
      module,
      digests.get(targets.get(targetKey(module, file)) ?? ""),
    ]);
    digests.set(file, digestOf([digest, loaded]));
  };
  await visit(entry, []);
  return {
    entry: entry.file,
    programs,
    digests,
    fileOf: (module, from) => targets.get(targetKey(module, from)) ?? module,
  };
}

/** Compiles a file, or takes its program from the cache; the digest is that of the file alone. */
function compileFile(
  { file, source }: SourceText,
  options: Omit<CompileOptions, "file">,
  cache: ModuleCache | undefined,
): { program: Program; digest: string | undefined } {
  const compileAnew = () => compile(source, { ...options, file });
  if (cache === undefined) return { program: compileAnew(), digest: undefined };
  const { dialect, predeclared } = options;
  const digest = digestOf([
    file,
    source,
    Object.entries(dialect ?? {}).sort(),
    [...(predeclared ?? [])].sort(),
  ]);
  return { program: cache.program(digest, compileAnew), digest };
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

/**
 * Initialises programs, each after those that it loads. Throws as `initModule` does. A cache is not used when
 * there is `hostData`: what a module does to its host is done anew.
 */
export function initModules(
  graph: ProgramGraph,
  environment: Omit<ModuleEnvironment, "loaded"> & { readonly cache?: ModuleCache } = {},
): ModuleGraph {
  const { cache, ...rest } = environment;
  const modules = new Map<string, Module>();
  const get = (file: string): Module => {
    const module = modules.get(file);
    if (module === undefined) throw new TypeError(`${file} is not initialised`);
    return module;
  };
  for (const [file, program] of graph.programs) {
    const loaded = (module: string) => get(graph.fileOf(module, file));
    const init = () => initModule(program, { ...rest, loaded });
    const digest = rest.hostData === undefined ? graph.digests.get(file) : undefined;
    const module =
      cache === undefined || digest === undefined ? init() : cache.module(digest, rest.predeclared, init);
    modules.set(file, module);
  }
  return { entry: get(graph.entry), modules };
}

/** `loadPrograms`, then `initModules`; the names of `predeclared` are known in every file. */
export async function loadModules(
  entry: SourceText,
  resolve: ModuleResolver,
  options: Omit<LoadOptions, "predeclared"> & Omit<ModuleEnvironment, "loaded"> = {},
): Promise<ModuleGraph> {
  const { dialect, ...environment } = options;
  const predeclared = Object.keys(environment.predeclared ?? {});
  const graph = await loadPrograms(entry, resolve, {
    predeclared,
    ...(dialect === undefined ? {} : { dialect }),
    ...(environment.cache === undefined ? {} : { cache: environment.cache }),
  });
  return initModules(graph, environment);
}
