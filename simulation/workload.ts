// Generated workflows whose end is known beforehand, whatever goes wrong on the way: what a run returns, and which
// Functions have done their work for it.
import type { JsonValue } from "../src/protocol/json.ts";
import type { Random } from "./random.ts";

/** What a Function of the simulation does, by the name in its reference. */
export type Behaviour = "ok" | "flaky" | "broken" | "held" | "denied";

export interface Workload {
  /** Starlark. Its trigger is the event type `sim.start`; `ev["data"]["case"]` names the case. */
  source: string;
  /** What the handler returns. */
  output: JsonValue;
  /** Tags of the Functions that succeed for one run. */
  effects: string[];
  /** Tags of the events that each run waits for, and that somebody has to send. */
  signals: string[];
  /** How many events of type `sim.chain` each run emits. */
  emitted: number;
}

const CHAIN = `
def chain(w, ev):
    return w.run(step = "sim.example/ok@v1", inputs = {"tag": "chain"})["tag"]

on_event(type = "sim.chain", handler = chain)
`;

interface Body {
  lines: string[];
  output: JsonValue[];
  /** What has to happen before the function returns. */
  last: (() => void)[];
}

class Generator {
  readonly #random: Random;
  readonly functions: string[] = [];
  readonly effects: string[] = [];
  readonly signals: string[] = [];
  emitted = 0;
  #tags = 0;
  #isLocked = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Defines a function `(w, ev)` of a few steps; it returns what it has seen. */
  define(depth: number): { name: string; output: JsonValue[] } {
    const body: Body = { lines: [], output: [], last: [] };
    const count = this.#random.between(1, depth === 0 ? 5 : 3);
    for (let i = 0; i < count; i += 1) this.#step(body, depth);
    for (const step of body.last) step();
    const name = `f${this.functions.length}`;
    this.functions.push(
      `def ${name}(w, ev):\n    out = []\n${body.lines.map((line) => `    ${line}\n`).join("")}    return out\n`,
    );
    return { name, output: body.output };
  }

  #tag(): string {
    this.#tags += 1;
    return `t${this.#tags}`;
  }

  #run(behaviour: Behaviour, tag: string): string {
    const environment = behaviour === "held" || behaviour === "denied" ? ', environment = "production"' : "";
    const inputs = `{"tag": "${tag}", "app": "shop", "revision": "${tag}"}`;
    return `w.run(step = "sim.example/${behaviour}@v1", inputs = ${inputs}, retry = 8${environment})`;
  }

  #step(body: Body, depth: number): void {
    const see = (expression: string, value: JsonValue) => {
      body.lines.push(`out.append(${expression})`);
      body.output.push(value);
    };
    const succeeding = (behaviour: Behaviour) => {
      const tag = this.#tag();
      this.effects.push(tag);
      see(`${this.#run(behaviour, tag)}["tag"]`, tag);
    };
    const failing = (behaviour: Behaviour, code: string) =>
      see(`w.attempt(lambda: ${this.#run(behaviour, this.#tag())}).error.code`, code);
    const simple: (() => void)[] = [
      () => succeeding("ok"),
      () => succeeding("ok"),
      () => succeeding("flaky"),
      () => failing("broken", "Broken"),
      () => succeeding("held"),
      () => failing("denied", "ApprovalDenied"),
      () => body.lines.push(`w.sleep(seconds = ${this.#random.between(0, 1800)})`),
      () => this.#waitForSignal(see),
      () => this.#waitForSignal(see),
      () => see('w.wait_for_event(type = "sim.never", timeout = "40m")', null),
      () => see('w.select(events = {"e": "sim.never"}, timers = {"t": "3m"}).key', "t"),
      () => this.#emit(body),
      () => this.#defer(body),
    ];
    const nested: (() => void)[] = [
      () => {
        const { name, output } = this.define(depth + 1);
        see(`w.attempt(${name}, w, ev).value`, output);
      },
      () => {
        const { name, output } = this.define(depth + 1);
        see(`${name}(w, ev)`, output);
      },
      () => {
        const branches = Array.from({ length: this.#random.between(1, 4) }, () => this.define(depth + 1));
        const limit = this.#random.between(1, 4);
        see(
          `w.parallel([${branches.map(({ name }) => `(${name}, w, ev)`).join(", ")}], limit = ${limit})`,
          branches.map(({ output }) => output),
        );
      },
      () => {
        const { name, output } = this.define(depth + 1);
        body.lines.push(`task_${name} = w.spawn(${name}, w, ev)`);
        // Awaited later, perhaps after other steps.
        body.last.push(() => see(`w.wait(task_${name})`, output));
      },
      () => {
        // One inside another could wait for each other, which is the script's affair.
        if (this.#isLocked) return;
        this.#isLocked = true;
        const { name, output } = this.define(depth + 1);
        this.#isLocked = false;
        see(`w.lock("key-${this.#random.between(1, 2)}", ${name}, w, ev)`, output);
      },
      () => {
        const { name, output } = this.define(depth + 1);
        const loser = 'lambda: w.wait_for_event(type = "sim.never")';
        see(`w.race([(${name}, w, ev), ${loser}]).value`, output);
      },
    ];
    this.#random.pick(depth < 3 ? [...simple, ...nested, ...nested] : simple)();
  }

  #waitForSignal(see: (expression: string, value: JsonValue) => void): void {
    const tag = this.#tag();
    this.signals.push(tag);
    const match = `{"data.case": ev["data"]["case"], "data.tag": "${tag}"}`;
    see(`w.wait_for_event(type = "sim.signal", match = ${match})["data"]["tag"]`, tag);
  }

  #emit(body: Body): void {
    this.emitted += 1;
    const inputs = '{"type": "sim.chain", "data": {"case": ev["data"]["case"]}}';
    body.lines.push(`w.run(step = "builtin://emit", inputs = ${inputs})`);
  }

  #defer(body: Body): void {
    const tag = this.#tag();
    this.effects.push(tag);
    body.lines.push(`w.defer(lambda: ${this.#run("ok", tag)})`);
  }
}

/** A task that nobody waits for: at the end of its run it may hold a lock that other runs need. */
function leftBehind(random: Random): string {
  if (random.between(1, 3) > 1) return "";
  const task = `w.lock("key-${random.between(1, 2)}", lambda: w.wait_for_event(type = "sim.never"))`;
  return `    w.spawn(lambda: ${task})\n    w.sleep(seconds = 30)\n`;
}

export function generateWorkload(random: Random): Workload {
  const generator = new Generator(random);
  const { name, output } = generator.define(0);
  const main = `def main(w, ev):\n    out = ${name}(w, ev)\n${leftBehind(random)}    return out\n\non_event(type = "sim.start", handler = main)\n`;
  return {
    source: `${generator.functions.join("\n")}\n${main}${CHAIN}`,
    output,
    effects: generator.effects,
    signals: generator.signals,
    emitted: generator.emitted,
  };
}
