// What the expressions of a program stand for: functions of the program, functions of `w` and the library, and `w`
// itself wherever it has been handed on to.
import { type ast, type Binding, Builtin, HostObject, universe, type Value } from "../../starlark/index.ts";
import { loadedFile } from "../loaded-file.ts";
import { predeclared } from "../predeclared.ts";
import { type SurfaceFunction, surfaceFunctions } from "../surface/surface.ts";
import { w } from "../w/w.ts";
import type { ParsedFile } from "./parsed-file.ts";

/** A function of the program, with the file it is in. */
export interface Definition {
  file: ParsedFile;
  fn: ast.FunctionNode;
}

export type Meaning = { value: Value } | { definition: Definition };

/**
 * What another function calls: `fn(a, b = c)` of `w.spawn(fn, a, b = c)`, or of `(fn, a)` in the list for `w.parallel`.
 */
export interface HandedOn {
  call: ast.CallExpression;
  file: ParsedFile;
}

/** Aliases of aliases are followed this far. */
const MAX_ALIASES = 20;

export class Meanings {
  private readonly files: ReadonlyMap<string, ParsedFile>;
  /** Variables that hold the workflow object. */
  private readonly workflowObjects = new Set<Binding>();
  /** Functions that triggers call. */
  readonly handlers = new Map<ast.FunctionNode, ast.Expression>();
  readonly handedOn: readonly HandedOn[];

  constructor(files: ReadonlyMap<string, ParsedFile>) {
    this.files = files;
    for (const file of files.values()) for (const fn of file.functions) this.assumeByName(fn);
    for (const file of files.values()) this.findHandlers(file);
    this.handedOn = this.settle();
    if (this.dropContradicted()) this.handedOn = this.settle();
  }

  /** What an expression always stands for; undefined where that depends on the run. */
  of(node: ast.Expression, file: ParsedFile, depth = 0): Meaning | undefined {
    if (depth > MAX_ALIASES) return undefined;
    if (node.kind === "lambda") return { definition: { file, fn: node.function } };
    if (node.kind === "name") return this.ofName(node, file, depth);
    if (node.kind !== "dot") return undefined;
    const object = this.of(node.object, file, depth + 1);
    if (object === undefined || !("value" in object) || !(object.value instanceof HostObject))
      return undefined;
    const value = object.value.attribute(node.attribute);
    return value === undefined ? undefined : { value };
  }

  /** The function of the surface that a call calls. */
  surfaceFunction(node: ast.Expression, file: ParsedFile): SurfaceFunction | undefined {
    const meaning = node.kind === "call" ? this.of(node.callee, file) : undefined;
    return meaning !== undefined && "value" in meaning ? surfaceFunctions.get(meaning.value) : undefined;
  }

  private ofName(node: ast.Name, file: ParsedFile, depth: number): Meaning | undefined {
    const variable = file.variables.of(node);
    if (variable === undefined) return undefined;
    if (variable.scope === "universal") return known(universe.get(node.name));
    if (variable.scope === "predeclared") return known(predeclared[node.name]);
    if (this.workflowObjects.has(variable)) return { value: w };
    const fn = file.variables.definition(variable);
    if (fn !== undefined) return { definition: { file, fn } };
    const value = file.variables.value(variable);
    if (value !== undefined) return this.of(value, file, depth + 1);
    const loaded = file.variables.loaded(variable);
    return loaded === undefined ? undefined : this.ofLoaded(loaded, file, depth);
  }

  private ofLoaded(
    loaded: { module: string; name: string },
    from: ParsedFile,
    depth: number,
  ): Meaning | undefined {
    const file = this.files.get(loadedFile(loaded.module, from.name) ?? "");
    const statement = file?.parsed.tree.body.find(
      (candidate) =>
        (candidate.kind === "def" && candidate.name.name === loaded.name) ||
        (candidate.kind === "assign" &&
          candidate.target.kind === "name" &&
          candidate.target.name === loaded.name),
    );
    if (file === undefined || statement === undefined) return undefined;
    if (statement.kind === "def") return { definition: { file, fn: statement.function } };
    return statement.kind === "assign" ? this.of(statement.value, file, depth + 1) : undefined;
  }

  /** By custom the first parameter of a `def` is the workflow object when it is called `w`. */
  private assumeByName(fn: ast.FunctionNode): void {
    const [first] = fn.parameters;
    if (fn.name !== "lambda" && first?.kind === "plain" && first.name?.name === "w") {
      this.hold(first.name.binding);
    }
  }

  private hold(variable: Binding | undefined): boolean {
    if (variable === undefined || this.workflowObjects.has(variable)) return false;
    this.workflowObjects.add(variable);
    return true;
  }

  private findHandlers(file: ParsedFile): void {
    for (const { node } of file.expressions) {
      if (node.kind !== "call") continue;
      const called = this.surfaceFunction(node, file);
      if (called === undefined) continue;
      for (const [index, parameter] of called.parameters.entries()) {
        if (parameter.meaning !== "handler") continue;
        const argument =
          node.arguments.find(({ name }) => name?.name === parameter.name) ??
          (parameter.form === "plain"
            ? node.arguments.filter(({ kind }) => kind === "positional")[index]
            : undefined);
        const meaning = argument === undefined ? undefined : this.of(argument.value, file);
        if (argument === undefined || meaning === undefined || !("definition" in meaning)) continue;
        this.handlers.set(meaning.definition.fn, argument.value);
        this.hold(meaning.definition.fn.parameters[0]?.name?.binding);
      }
    }
  }

  /** Follows `w` through calls until nothing new is found; gives the calls that are handed on. */
  private settle(): HandedOn[] {
    for (;;) {
      const handedOn = [...this.files.values()].flatMap((file) => this.handedOnIn(file));
      let isNew = false;
      for (const { parameter, argument, file } of this.passed(handedOn)) {
        const meaning = this.of(argument, file);
        if (meaning !== undefined && "value" in meaning && meaning.value === w) {
          isNew = this.hold(parameter.name?.binding) || isNew;
        }
      }
      if (!isNew) return handedOn;
    }
  }

  /** A parameter that is called `w` but gets something else is no workflow object. */
  private dropContradicted(): boolean {
    let isChanged = false;
    for (const { parameter, argument, file } of this.passed(this.handedOn)) {
      const variable = parameter.name?.binding;
      const meaning = this.of(argument, file);
      const isOther =
        argument.kind !== "name" || (meaning !== undefined && "value" in meaning && meaning.value !== w);
      if (variable !== undefined && isOther) isChanged = this.workflowObjects.delete(variable) || isChanged;
    }
    return isChanged;
  }

  /** Every argument that is passed to a parameter of a function of the program. */
  private *passed(
    handedOn: readonly HandedOn[],
  ): Generator<{ parameter: ast.Parameter; argument: ast.Expression; file: ParsedFile }> {
    const written = [...this.files.values()].flatMap((file) =>
      file.expressions.flatMap(({ node }): HandedOn[] =>
        node.kind === "call" ? [{ call: node, file }] : [],
      ),
    );
    for (const { call, file } of [...written, ...handedOn]) {
      const meaning = this.of(call.callee, file);
      if (meaning === undefined || !("definition" in meaning)) continue;
      const { parameters } = meaning.definition.fn;
      const plain = parameters.filter(({ kind }) => kind === "plain");
      let position = 0;
      for (const { kind, name, value } of call.arguments) {
        const parameter =
          kind === "positional"
            ? parameters[position++]
            : kind === "named"
              ? plain.find((candidate) => candidate.name?.name === name?.name)
              : undefined;
        if (parameter?.kind === "plain") yield { parameter, argument: value, file };
      }
    }
  }

  private handedOnIn(file: ParsedFile): HandedOn[] {
    return file.expressions.flatMap(({ node }): HandedOn[] => {
      if (node.kind !== "call") return [];
      const called = this.surfaceFunction(node, file);
      if (called === undefined) return [];
      if (called.forwardsCall) return forwardedBy(node, called, file);
      const [list] = node.arguments;
      const isList = called.parameters[0]?.name === "branches";
      return isList && list !== undefined ? branchesOf(list.value, file) : [];
    });
  }
}

/** The call that follows the parameters of the function which makes it, where it can be told apart from them. */
function forwardedBy(
  node: ast.CallExpression,
  { parameters }: SurfaceFunction,
  file: ParsedFile,
): HandedOn[] {
  const given = node.arguments.slice(parameters.findIndex(({ kind }) => kind === "callable"));
  const [callee, ...rest] = given;
  if (callee?.kind !== "positional" || node.arguments[0]?.kind !== "positional") return [];
  const takesNames = parameters.some(({ form }) => form === "starstar");
  const handedOn = rest.filter(({ kind }) => takesNames || kind !== "named");
  return [{ call: { ...node, callee: callee.value, arguments: handedOn }, file }];
}

function branchesOf(list: ast.Expression, file: ParsedFile): HandedOn[] {
  const items =
    list.kind === "list" || list.kind === "tuple"
      ? list.items
      : list.kind === "comprehension" && !("key" in list.body)
        ? [list.body]
        : [];
  return items.flatMap((node): HandedOn[] => {
    if (node.kind !== "tuple") return [];
    const [callee, ...rest] = node.items;
    if (callee === undefined) return [];
    const { start, end, height } = node;
    const given = rest.map(
      (value): ast.Argument => ({
        kind: "positional",
        start: value.start,
        end: value.end,
        name: undefined,
        value,
      }),
    );
    return [
      { call: { kind: "call", callee, parenthesis: start, arguments: given, start, end, height }, file },
    ];
  });
}

function known(value: Value | undefined): Meaning | undefined {
  return value === undefined ? undefined : { value };
}

/** The builtin behind a meaning; undefined for anything else. */
export function builtinOf(meaning: Meaning | undefined): Builtin | undefined {
  return meaning !== undefined && "value" in meaning && meaning.value instanceof Builtin
    ? meaning.value
    : undefined;
}
