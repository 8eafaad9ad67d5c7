import { describe, expect, test } from "vitest";
import {
  compile,
  defineBuiltin,
  Fiber,
  initModule,
  loadModules,
  ModuleCache,
  type ModuleResolver,
  repr,
  type Value,
} from "../../src/starlark/index.ts";

function resolverOf(files: Record<string, string>): ModuleResolver {
  return async (module) => {
    const source = files[module];
    if (source === undefined) throw new Error("not found");
    return { file: module, source };
  };
}

describe("loading", () => {
  test("a diamond of loads initialises each file once, after those it loads", async () => {
    const printed: string[] = [];
    const { entry, modules } = await loadModules(
      { file: "main", source: 'load("a", "x")\nload("b", y2 = "y")\nprint("main")\nz = x + y2\n' },
      resolverOf({
        a: 'load("base", "one")\nprint("a")\nx = one\n',
        b: 'load("base", "one")\nprint("b")\ny = one + 1\n',
        base: 'print("base")\none = 1\n',
      }),
      { print: (text) => printed.push(text) },
    );
    expect(printed).toEqual(["base", "a", "b", "main"]);
    expect([...entry.globals]).toEqual([["z", 3]]);
    expect([...modules.keys()]).toEqual(["base", "a", "b", "main"]);
  });

  test("a cycle is refused, and named with the place that closes it", async () => {
    const files = { a: 'x = 1\nload("b", "y")', b: 'load("a", "x")\ny = 1' };
    await expect(loadModules({ file: "a", source: files.a }, resolverOf(files))).rejects.toMatchObject({
      code: "LoadCycle",
      message: "cycle in load graph: a -> b -> a",
      traceback: [{ file: "b", line: 1 }],
    });
  });

  test("a cache runs a module once for all that load it, and again when anything it is made of changes", async () => {
    const cache = new ModuleCache();
    const predeclared = { factor: 2 };
    const load = async (base: string, environment: Record<string, Value> = predeclared) => {
      const printed: string[] = [];
      const files = { base, mid: 'load("base", "x")\nprint("mid")\ny = x * factor' };
      const { entry } = await loadModules(
        { file: "main", source: 'load("mid", "y")\nprint("main")\nz = [y]' },
        resolverOf(files),
        { cache, predeclared: environment, print: (text) => printed.push(text) },
      );
      return { z: repr(entry.globals.get("z") ?? null), printed, entry };
    };
    const first = await load('print("base")\nx = 1');
    expect([first.z, first.printed]).toEqual(["[2]", ["base", "mid", "main"]]);
    const again = await load('print("base")\nx = 1');
    expect([again.z, again.printed]).toEqual(["[2]", []]);
    expect(again.entry).toBe(first.entry);
    const changed = await load('print("base")\nx = 5');
    expect([changed.z, changed.printed]).toEqual(["[10]", ["base", "mid", "main"]]);
    const elsewhere = await load('print("base")\nx = 5', { factor: 3 });
    expect([elsewhere.z, elsewhere.printed]).toEqual(["[15]", ["base", "mid", "main"]]);
  });

  test("a cache keeps no more than it was told to", async () => {
    const cache = new ModuleCache(2);
    const printed: string[] = [];
    const load = (name: string) =>
      loadModules({ file: name, source: `print("${name}")` }, resolverOf({}), {
        cache,
        print: (text) => printed.push(text),
      });
    for (const name of ["a", "b", "a", "c", "a", "b"]) await load(name);
    expect(printed).toEqual(["a", "b", "c", "b"]);
  });

  test("what a module does to its host is done whenever it is loaded", async () => {
    const cache = new ModuleCache();
    const declare = defineBuiltin("declare", "name: string", (ctx, name: string) => {
      (ctx.hostData as string[]).push(name);
      return null;
    });
    const predeclared = { declare };
    for (const hostData of [[], []]) {
      await loadModules({ file: "main", source: 'declare("x")' }, resolverOf({}), {
        cache,
        predeclared,
        hostData,
      });
      expect(hostData).toEqual(["x"]);
    }
  });

  test("a missing file and a missing name say where they were wanted", async () => {
    const missing = loadModules({ file: "main", source: '\nload("nowhere", "x")' }, resolverOf({}));
    await expect(missing).rejects.toMatchObject({
      code: "LoadFailed",
      message: "cannot load nowhere: not found",
      traceback: [{ file: "main", line: 2 }],
    });
    const misspelt = loadModules(
      { file: "main", source: 'load("m", "helo")' },
      resolverOf({ m: "hello = 1" }),
    );
    await expect(misspelt).rejects.toThrow("load: name helo not found in module m (did you mean hello?)");
  });

  test("names bound by load are not exported, unless the dialect says so", async () => {
    const source = 'load("m", "x")\ny = x';
    const files = resolverOf({ m: "x = 1" });
    const own = await loadModules({ file: "main", source }, files);
    expect([...own.entry.globals.keys()]).toEqual(["y"]);
    const all = await loadModules({ file: "main", source }, files, { dialect: { loadBindsGlobally: true } });
    expect([...all.entry.globals.keys()]).toEqual(["x", "y"]);
  });
});

describe("a module", () => {
  test("is frozen, with everything its values refer to", () => {
    const source = `
shared = {"list": [1]}
def change(): shared["list"].append(2)
def replace(): shared["x"] = 1
def default(x = []):
    x.append(1)
    return x
`;
    const module = initModule(compile(source, { file: "m.star" }));
    const failure = (name: string) => {
      const state = new Fiber(module.globals.get(name) ?? null).run();
      return state.kind === "failed" ? state.error.message : state.kind;
    };
    expect(failure("change")).toContain("cannot append to frozen list");
    expect(failure("replace")).toBe("cannot insert into frozen hash table");
    expect(failure("default")).toContain("cannot append to frozen list");
  });

  test("cannot wait for the host at top level", () => {
    const ask = defineBuiltin("ask", "", (ctx) => ctx.suspend(null));
    const program = compile("x = ask()", { file: "m.star", predeclared: ["ask"] });
    expect(() => initModule(program, { predeclared: { ask } })).toThrow("cannot wait at top level");
  });

  test("one program makes any number of independent modules", () => {
    const program = compile("def f(): return n", { file: "m.star", predeclared: ["n"] });
    const values = [1, 2].map((n) => {
      const state = new Fiber(initModule(program, { predeclared: { n } }).globals.get("f") ?? null).run();
      return state.kind === "done" ? state.value : undefined;
    });
    expect(values).toEqual([1, 2]);
  });

  test("an error in a function of another file shows each file's own lines", async () => {
    const { entry } = await loadModules(
      { file: "main.star", source: 'load("lib.star", "half")\ndef f():\n    return half("x")\n' },
      resolverOf({ "lib.star": "def half(x):\n    return x / 2\n" }),
    );
    const state = new Fiber(entry.globals.get("f") as Value).run();
    expect(state.kind === "failed" && state.error.format()).toBe(
      [
        "Traceback (most recent call last):",
        "  main.star:3:16: in f",
        '    return half("x")',
        "               ^",
        "  lib.star:2:14: in half",
        "    return x / 2",
        "             ^",
        "Error: unknown binary op: string / int",
      ].join("\n"),
    );
  });

  test("shows its functions and values as Starlark does", () => {
    const module = initModule(compile('def f(): pass\nx = [f, (1,), {"a": 1.0}, None]', { file: "m" }));
    expect(repr(module.globals.get("x") ?? null)).toBe('[<function f>, (1,), {"a": 1.0}, None]');
  });
});
