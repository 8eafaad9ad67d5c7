/** Runs a benchmark's program here, from its source to the end of its top level: in node and in workerd. */
import { compile, defineBuiltin, Fiber, initModule, type Module } from "../../src/starlark/index.ts";
import { standardModules } from "../../src/starlark/library/modules.ts";

export interface BenchmarkProgram {
  readonly name: string;
  readonly source: string;
}

/** Everything that other programs' files may need. */
const dialect = { recursion: true, while: true, topLevelControl: true, globalReassign: true };
const predeclared = Object.keys(standardModules);

/** `siblings` are the files that the program can load, by name. Throws what the program throws. */
export function runProgram(program: BenchmarkProgram, siblings: ReadonlyMap<string, string>): void {
  run(`${program.name}.star`, program.source, siblings);
}

function run(file: string, source: string, siblings: ReadonlyMap<string, string>): Module {
  const compiled = compile(source, { file, dialect, predeclared });
  return initModule(compiled, {
    predeclared: standardModules,
    loaded: (name) => run(name, siblings.get(name) ?? `fail("no file ${name}")`, siblings),
  });
}

const waiting = defineBuiltin("wait", "x", (ctx, x) => ctx.suspend(x));

const WAITING_PROGRAM = `
def step(name, inputs):
    result = wait(name)
    return result

def stage(name, count):
    outcomes = []
    for i in range(count):
        outcomes.append(step("%s-%d" % (name, i), inputs = {"n": i}))
    return outcomes

def main(count):
    return stage("build", count)
`;

const waitingModule = initModule(
  compile(WAITING_PROGRAM, { file: "waiting.star", dialect, predeclared: ["wait"] }),
  { predeclared: { wait: waiting } },
);

/** A fiber that waits in the third of its frames, and will `count` times in all. */
export function suspendedFiber(count: number): Fiber {
  const fiber = new Fiber(waitingModule.globals.get("main") ?? null, [count]);
  fiber.run();
  return fiber;
}

/** Resumes a fiber until it is done. */
export function resumeToTheEnd(fiber: Fiber): void {
  let { state } = fiber;
  while (state.kind === "suspended") state = fiber.resume(1);
  if (state.kind !== "done") throw new Error(`the fiber ended as ${state.kind}`);
}
