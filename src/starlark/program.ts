/** Programs: source text that has been checked and compiled, ready to be run any number of times. */
import { compileTopLevel } from "./compile/function-compiler.ts";
import { type Dialect, defaultDialect } from "./dialect.ts";
import { type Diagnostic, type Position, StarlarkSyntaxError } from "./errors.ts";
import { universe } from "./library/universe.ts";
import { lintFile } from "./resolve/lint.ts";
import { type GlobalVariable, type ResolvedFile, resolveFile } from "./resolve/resolver.ts";
import { SourceFile } from "./source-file.ts";
import type * as ast from "./syntax/ast.ts";
import type { FunctionScope } from "./syntax/binding.ts";
import { Diagnostics } from "./syntax/diagnostics.ts";
import { parseFile } from "./syntax/parser.ts";
import type { FunctionCode } from "./value/function-code.ts";

export interface CompileOptions {
  /** Name of the file, for positions. */
  readonly file: string;
  /** What the file may use beyond the dialect of workflow files; see `Dialect` for the defaults. */
  readonly dialect?: Partial<Dialect>;
  /** Names that the host will give values to when the program runs. */
  readonly predeclared?: Iterable<string>;
}

/** One name bound by a `load` statement. */
export interface LoadedName {
  readonly module: string;
  readonly name: string;
  readonly position: Position;
}

/** A compiled file. Immutable, and independent of any run. */
export interface Program {
  readonly file: string;
  /** The modules it loads, each once, in the order of the file. */
  readonly loads: readonly string[];
  readonly loadedNames: readonly LoadedName[];
  readonly topLevel: FunctionCode;
  readonly globals: readonly GlobalVariable[];
  /** Predeclared and universal names it uses, in the order of their indexes. */
  readonly outsideNames: readonly { readonly name: string; readonly isUniversal: boolean }[];
}

/**
 * Compiles source text. Throws StarlarkSyntaxError, whose `diagnostics` list every error found, when
 * it is not valid.
 */
export function compile(source: string, options: CompileOptions): Program {
  const { text, tree, resolved, diagnostics } = analyse(source, options);
  if (resolved === undefined || diagnostics.hasErrors) {
    throw new StarlarkSyntaxError(diagnostics.sorted().filter(({ severity }) => severity === "error"));
  }
  const loadedNames: LoadedName[] = [];
  const numbers = new Map<ast.Name, number>();
  for (const statement of tree.body) {
    if (statement.kind !== "load") continue;
    for (const { local, original } of statement.bindings) {
      numbers.set(local, loadedNames.length);
      const position = text.position(statement.start);
      loadedNames.push({ module: statement.module.value, name: original, position });
    }
  }
  const topLevel = compileTopLevel(tree, resolved.topLevel, {
    source: text,
    allowsRecursion: options.dialect?.recursion ?? defaultDialect.recursion,
    loadIndex: (name) => numbers.get(name) ?? -1,
  });
  return {
    file: options.file,
    loads: [...new Set(loadedNames.map(({ module }) => module))],
    loadedNames,
    topLevel,
    globals: resolved.globals.map(({ name, start, isLoaded }) => ({ name, start, isLoaded })),
    outsideNames: resolved.outside.map(({ name, scope }) => ({ name, isUniversal: scope === "universal" })),
  };
}

/**
 * Finds what is wrong or doubtful in source text without running it: syntax, names, and as warnings
 * unused variables and loads and unreachable code. Never throws for bad source.
 */
export function check(source: string, options: CompileOptions): Diagnostic[] {
  return parse(source, options).diagnostics;
}

/** A source text as tools read it. */
export interface ParsedSource {
  readonly text: SourceFile;
  /** Names are resolved (`Name.binding`) where there is no error. */
  readonly tree: ast.FileNode;
  /** The scope of the top level; undefined when the syntax is wrong. */
  readonly topLevel: FunctionScope | undefined;
  /** As `check` gives them. */
  readonly diagnostics: Diagnostic[];
}

/** Parses source text for a linter or a documentation generator. Never throws for bad source. */
export function parse(source: string, options: CompileOptions): ParsedSource {
  const { text, tree, resolved, diagnostics } = analyse(source, options);
  if (resolved !== undefined) lintFile(tree, diagnostics);
  return { text, tree, topLevel: resolved?.topLevel, diagnostics: diagnostics.sorted() };
}

interface Analysis {
  readonly text: SourceFile;
  readonly tree: ast.FileNode;
  /** Undefined when the syntax is wrong: names would be reported that only seem to be missing. */
  readonly resolved: ResolvedFile | undefined;
  readonly diagnostics: Diagnostics;
}

function analyse(source: string, options: CompileOptions): Analysis {
  const text = new SourceFile(options.file, source);
  const diagnostics = new Diagnostics(text);
  const tree = parseFile(source, diagnostics);
  if (diagnostics.hasErrors) return { text, tree, resolved: undefined, diagnostics };
  const predeclared = new Set(options.predeclared);
  const resolverOptions = {
    dialect: { ...defaultDialect, ...options.dialect },
    isPredeclared: (name: string) => predeclared.has(name),
    isUniversal: (name: string) => universe.has(name),
    outsideNames: () => [...predeclared, ...universe.keys()],
  };
  return { text, tree, resolved: resolveFile(tree, resolverOptions, text, diagnostics), diagnostics };
}
