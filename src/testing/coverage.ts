// Which lines of Starlark have run. The machine knows nothing of it: an observed program is the same program, whose
// instructions note that they are read. So it costs nothing where nobody asks for it.
import type { Program } from "../starlark/index.ts";

type FunctionCode = Program["topLevel"];

/** Words of an instruction; the first is the operation. */
const INSTRUCTION_WORDS = 4;

export interface FileCoverage {
  file: string;
  /** How often each line with code was begun, by its number, in their order. */
  lines: ReadonlyMap<number, number>;
}

export class Coverage {
  readonly #lines = new Map<string, Map<number, number>>();

  /** The program, observed. */
  observe(program: Program): Program {
    const lines = this.#lines.get(program.file) ?? new Map<number, number>();
    this.#lines.set(program.file, lines);
    return { ...program, topLevel: observed(program.topLevel, lines) };
  }

  files(): FileCoverage[] {
    return [...this.#lines].map(([file, lines]) => ({
      file,
      lines: new Map([...lines].sort(([a], [b]) => a - b)),
    }));
  }
}

function observed(code: FunctionCode, lines: Map<number, number>): FunctionCode {
  const { source } = code;
  // A function that ends without a return has an instruction behind its last line, maybe behind the whole text.
  const lineOf = Array.from(code.offsets, (offset) =>
    offset < source.text.length ? source.line(offset) : undefined,
  );
  // A line is begun at its first instruction: it comes back to others after calls, in loops, from lines of an expression.
  const firstOf = new Map<number, number>();
  for (const [instruction, line] of lineOf.entries()) {
    if (line === undefined) continue;
    lines.set(line, lines.get(line) ?? 0);
    if (!firstOf.has(line)) firstOf.set(line, instruction);
  }
  const count = (instruction: number) => {
    const line = lineOf[instruction];
    if (line === undefined) return;
    const before = lines.get(line) ?? 0;
    // What a condition chose on its second line may end on the first, which then has run as well.
    if (before === 0 || firstOf.get(line) === instruction) lines.set(line, before + 1);
  };
  const words = new Proxy(code.code, {
    get(target, name) {
      const index = Number(name);
      if (index % INSTRUCTION_WORDS === 0) count(index / INSTRUCTION_WORDS);
      return Reflect.get(target, name);
    },
  });
  return { ...code, code: words, functions: code.functions.map((inner) => observed(inner, lines)) };
}
