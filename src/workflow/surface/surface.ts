// Everything a workflow file can call, in one table: names, parameters, kinds from the functions themselves, texts
// from the entries beside this file. Checker, editor stubs and reference documentation all read it.
import { Builtin, HostObject, StarlarkModule, type Value } from "../../starlark/index.ts";
import { predeclared } from "../predeclared.ts";
import { w } from "../w/w.ts";
import type { FunctionEntry, Meaning, ParameterEntry } from "./entry.ts";
import { libraryEntries, moduleEntries } from "./modules.ts";
import { topLevelEntries } from "./top-level.ts";
import { workflowObjectEntries } from "./workflow-object.ts";

export interface SurfaceParameter {
  /** Without stars. */
  name: string;
  form: "positional-only" | "plain" | "keyword-only" | "star" | "starstar";
  isRequired: boolean;
  /** As signatures have it: `int or float`; `any` where nothing is checked. */
  kind: string;
  doc: string;
  default?: string;
  meaning?: Meaning;
  choices?: readonly string[];
}

export interface SurfaceFunction extends Omit<FunctionEntry, "parameters"> {
  /** As it is called: `w.run`, `json.decode`, `on_event`. */
  name: string;
  builtin: Builtin;
  parameters: readonly SurfaceParameter[];
}

export interface SurfaceModule {
  name: string;
  summary: string;
  functions: readonly SurfaceFunction[];
  constants: readonly { name: string; doc: string; value: Value }[];
}

export interface Surface {
  /** What is called at top level to declare triggers. */
  topLevel: readonly SurfaceFunction[];
  /** The functions of `w`. */
  workflowObject: readonly SurfaceFunction[];
  /** Predeclared functions of the library, such as `struct`. */
  library: readonly SurfaceFunction[];
  modules: readonly SurfaceModule[];
}

const undocumented: FunctionEntry = { summary: "" };

/** Functions in the order of their entries, undocumented ones after them. */
function functionsOf(
  entries: Readonly<Record<string, FunctionEntry>>,
  available: ReadonlyMap<string, Value>,
  prefix: string,
): SurfaceFunction[] {
  const names = [...new Set([...Object.keys(entries), ...available.keys()])];
  return names.flatMap((name) => {
    const value = available.get(name);
    return value instanceof Builtin
      ? [describe(`${prefix}${name}`, value, entries[name] ?? undocumented)]
      : [];
  });
}

function describe(name: string, builtin: Builtin, entry: FunctionEntry): SurfaceFunction {
  const { signature } = builtin;
  const textOf = (parameter: string): ParameterEntry => {
    const text = entry.parameters?.[parameter] ?? "";
    return typeof text === "string" ? { doc: text } : text;
  };
  const plain = signature.parameters.map((parameter, index): SurfaceParameter => {
    const isKeywordOnly = index >= signature.positionalCount;
    const isPositionalOnly = index < signature.positionalOnlyCount;
    return {
      name: parameter.name,
      form: isKeywordOnly ? "keyword-only" : isPositionalOnly ? "positional-only" : "plain",
      isRequired: parameter.required,
      kind: parameter.kind,
      ...textOf(parameter.name),
    };
  });
  const rest = (form: "star" | "starstar", pattern: RegExp): SurfaceParameter[] => {
    const given = pattern.exec(signature.text)?.[1];
    if (given === undefined) return [];
    const stars = form === "star" ? "*" : "**";
    return [{ name: given, form, isRequired: false, kind: "any", ...textOf(stars + given) }];
  };
  const star = rest("star", /(?<!\*)\*(\w+)/);
  return {
    ...entry,
    name,
    builtin,
    parameters: [
      ...plain.slice(0, signature.positionalCount),
      ...star,
      ...plain.slice(signature.positionalCount),
      ...rest("starstar", /\*\*(\w+)/),
    ],
  };
}

function attributesOf(object: Value): Map<string, Value> {
  if (!(object instanceof HostObject)) return new Map();
  return new Map(object.attributeNames().map((name) => [name, object.attribute(name) ?? null]));
}

function build(): Surface {
  const values = new Map(Object.entries(predeclared));
  const only = (names: object) => new Map([...values].filter(([name]) => Object.hasOwn(names, name)));
  const modules = [...values].flatMap(([name, module]): SurfaceModule[] => {
    if (!(module instanceof StarlarkModule)) return [];
    const entry = moduleEntries[name];
    const members = attributesOf(module);
    return [
      {
        name,
        summary: entry?.summary ?? "",
        functions: functionsOf(entry?.functions ?? {}, members, `${name}.`),
        constants: [...members].flatMap(([member, value]) =>
          value instanceof Builtin
            ? []
            : [{ name: `${name}.${member}`, doc: entry?.constants?.[member] ?? "", value }],
        ),
      },
    ];
  });
  // What is neither library nor module is there to declare something.
  const declaring = new Map(
    [...values].filter(([name, value]) => value instanceof Builtin && !Object.hasOwn(libraryEntries, name)),
  );
  return {
    topLevel: functionsOf(topLevelEntries, declaring, ""),
    workflowObject: functionsOf(workflowObjectEntries, attributesOf(w), "w."),
    library: functionsOf(libraryEntries, only(libraryEntries), ""),
    modules,
  };
}

export const surface: Surface = build();
/** Every function of the surface by the value that a script calls. */
export const surfaceFunctions: ReadonlyMap<Value, SurfaceFunction> = new Map(
  [
    ...surface.topLevel,
    ...surface.library,
    ...surface.workflowObject,
    ...surface.modules.flatMap(({ functions }) => functions),
  ].map((fn) => [fn.builtin, fn]),
);
