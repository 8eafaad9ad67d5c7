// Generated workflows whose end is known beforehand, whatever goes wrong on the way: what each run returns, and which
// Functions have done their work for it.
import type { JsonValue } from "../src/protocol/json.ts";
import { DEPLOY, type Deployments, generateDeployments } from "./environment-workload.ts";
import type { Limits } from "./invariants.ts";
import type { Random } from "./random.ts";
import {
  generateTriggers,
  NIGHTLY,
  PACED_TRIGGERS,
  type PacedTrigger,
  type ScheduledTrigger,
} from "./trigger-workload.ts";

/**
 * What a Function of the simulation does, by the name in its reference. Nobody ever decides on an `ignored` one, and an
 * `endless` one works until it is told to stop.
 */
export type Behaviour = "ok" | "flaky" | "broken" | "held" | "denied" | "ignored" | "endless";

/** What becomes of the runs of one handler. */
export interface Plan {
  /** `wanted`: it succeeds, unless whoever started it wants it no more by then. */
  ends: "succeeded" | "failed" | "cancelled" | "continued" | "wanted";
  /** What it returns. */
  output: JsonValue;
  /** Tags of the Functions that succeed for one run. */
  effects: string[];
}

export interface Workload {
  /** Starlark. Runs begin with the event type `sim.start`; `ev["data"]["case"]` names the case. */
  source: string;
  /** By the function that a run comes to: see `roleOf`. */
  plans: ReadonlyMap<string, Plan>;
  /** Tags of the events that each run waits for, and that somebody has to send. */
  events: string[];
  /** Names of the signals that each run waits for. */
  signals: string[];
  /** Something in it waits for an operator's hand. */
  needsHands: boolean;
  paced: PacedTrigger | undefined;
  scheduled: ScheduledTrigger | undefined;
  deployments: Deployments | undefined;
  /** How many triggers the source declares. */
  triggers: number;
}

const CHAIN = `
def chain(w, ev):
    return w.run(step = "sim.example/ok@v1", inputs = {"tag": "chain"})["tag"]

on_event(type = "sim.chain", handler = chain)

def sub(w, ev):
    return BODIES[ev["data"]["fn"]](w, ev)

on_start(handler = sub)
`;

const OWN_TRIGGERS = 3;
/** Children of children of children are as deep as it goes. */
const MAX_GENERATIONS = 4;

interface Body {
  lines: string[];
  output: JsonValue[];
  /** What has to happen before the function returns. */
  last: (() => void)[];
}

class Generator {
  readonly #random: Random;
  readonly functions: string[] = [];
  readonly plans = new Map<string, Plan>();
  readonly events: string[] = [];
  readonly signals: string[] = [];
  needsHands = false;
  /** Of the handler that is being made. */
  effects: string[] = [];
  #tags = 0;
  #isLocked = false;
  /** A run that another has started: nobody outside knows its id. */
  #isChild = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Defines what a run comes to. */
  handler(make: () => { name: string; output: JsonValue[] }, ends: Plan["ends"]): string {
    const outer = this.effects;
    this.effects = [];
    const { name, output } = make();
    this.plans.set(name, { ends, output, effects: this.effects });
    this.effects = outer;
    return name;
  }

  /** Defines a function `(w, ev)` of a few steps; it returns what it has seen. */
  define(depth: number): { name: string; output: JsonValue[] } {
    const body: Body = { lines: [], output: [], last: [] };
    const count = this.#random.between(1, depth === 0 ? 5 : 3);
    for (let i = 0; i < count; i += 1) this.#step(body, depth);
    for (const step of body.last) step();
    return this.#function(body.lines, body.output);
  }

  #function(lines: readonly string[], output: JsonValue[]): { name: string; output: JsonValue[] } {
    const name = `f${this.functions.length}`;
    this.functions.push(
      `def ${name}(w, ev):\n    out = []\n${lines.map((line) => `    ${line}\n`).join("")}    return out\n`,
    );
    return { name, output };
  }

  #tag(): string {
    this.#tags += 1;
    return `t${this.#tags}`;
  }

  #run(behaviour: Behaviour, tag: string): string {
    const isHeld = behaviour === "held" || behaviour === "denied" || behaviour === "ignored";
    const environment = isHeld ? ', environment = "production"' : "";
    const timeout = behaviour === "endless" ? ', timeout = "7d"' : "";
    const inputs = `{"tag": "${tag}", "app": "shop", "revision": "${tag}"}`;
    return `w.run(step = "sim.example/${behaviour}@v1", inputs = ${inputs}, retry = 8${environment}${timeout})`;
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
    /** Does something that never ends by itself until a minute is over. */
    const forAMinute = (call: string) =>
      see(`w.race([lambda: ${call}, lambda: w.sleep(seconds = 60)]).index`, 1);
    const byHand = (expression: string, value: JsonValue) => {
      this.needsHands = true;
      see(expression, value);
    };
    const simple: (() => void)[] = [
      () => succeeding("ok"),
      () => succeeding("ok"),
      () => succeeding("flaky"),
      () => failing("broken", "Broken"),
      () => succeeding("held"),
      () => failing("denied", "ApprovalDenied"),
      () => forAMinute(this.#run("ignored", this.#tag())),
      () => forAMinute(this.#run("endless", this.#tag())),
      () => body.lines.push(`w.sleep(seconds = ${this.#random.between(0, 1800)})`),
      () => see('w.wait_for_event(type = "sim.never", timeout = "40m")', null),
      () => see('w.wait_for_signal("never", timeout = "10m")', null),
      () => see('w.select(events = {"e": "sim.never"}, timers = {"t": "3m"}).key', "t"),
      () => see('w.select(signals = {"s": "never"}, timers = {"t": "3m"}).key', "t"),
      () => see('w.form("nobody", {"answer": "string"}, timeout = "15m")', null),
      () => see('w.form("somebody", {"answer": "string"})["answer"] in ["a", "b"]', true),
      () => this.#emit(body),
      () => this.#defer(body),
      () => this.#child(body, see, depth),
      () => this.#child(body, see, depth),
    ];
    const fromOutside: (() => void)[] = [
      () => this.#waitForEvent(see),
      () => this.#waitForEvent(see),
      () => this.#waitForSignal(see),
      () => byHand('w.wait_for_event(type = "sim.manual.skip")', null),
      () => byHand('w.wait_for_event(type = "sim.manual.complete")["tag"]', "by hand"),
      () =>
        byHand(
          'w.attempt(lambda: w.wait_for_event(type = "sim.manual.fail")).error.code',
          "FailedByOperator",
        ),
      () => byHand(`${this.#run("ignored", "by hand")}["tag"]`, "by hand"),
      () => byHand(`${this.#run("endless", "by hand")}["tag"]`, "by hand"),
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
      () => this.#lock(see, depth),
      () => {
        const { name, output } = this.define(depth + 1);
        const loser = 'lambda: w.wait_for_event(type = "sim.never")';
        see(`w.race([(${name}, w, ev), ${loser}]).value`, output);
      },
    ];
    const steps = [
      ...simple,
      ...(this.#isChild ? [] : fromOutside),
      ...(depth < 3 ? [...nested, ...nested] : []),
    ];
    this.#random.pick(steps)();
  }

  #lock(see: (expression: string, value: JsonValue) => void, depth: number): void {
    // One inside another could wait for each other, which is the script's affair.
    if (this.#isLocked) return;
    this.#isLocked = true;
    const { name, output } = this.define(depth + 1);
    this.#isLocked = false;
    const key = this.#random.pick(['"key-1"', '"key-2"', '"pair", limit = 2']);
    const [keyText = "", limit] = key.split(", ");
    see(`w.lock(${[keyText, name, "w", "ev", ...(limit ? [limit] : [])].join(", ")})`, output);
  }

  #waitForEvent(see: (expression: string, value: JsonValue) => void): void {
    const tag = this.#tag();
    this.events.push(tag);
    const match = `{"data.case": ev["data"]["case"], "data.tag": "${tag}"}`;
    see(`w.wait_for_event(type = "sim.signal", match = ${match})["data"]["tag"]`, tag);
  }

  #waitForSignal(see: (expression: string, value: JsonValue) => void): void {
    const tag = this.#tag();
    this.signals.push(tag);
    see(`w.wait_for_signal("${tag}")["data"]["tag"]`, tag);
  }

  #emit(body: Body): void {
    const inputs = '{"type": "sim.chain", "data": {"case": ev["data"]["case"]}}';
    body.lines.push(`w.run(step = "builtin://emit", inputs = ${inputs})`);
  }

  #defer(body: Body): void {
    const tag = this.#tag();
    this.effects.push(tag);
    body.lines.push(`w.defer(lambda: ${this.#run("ok", tag)})`);
  }

  /** The same, with something to do at its end, whoever ends it. */
  #cleaningUp({ name, output }: { name: string; output: JsonValue[] }): {
    name: string;
    output: JsonValue[];
  } {
    const tag = this.#tag();
    this.effects.push(tag);
    return this.#function([`w.defer(lambda: ${this.#run("ok", tag)})`, `out.extend(${name}(w, ev))`], output);
  }

  #child(body: Body, see: (expression: string, value: JsonValue) => void, depth: number): void {
    if (depth > MAX_GENERATIONS) return;
    const isInside = this.#isChild;
    this.#isChild = true;
    const start = (fn: string, options = "") =>
      `w.start("sim", {"case": ev["data"]["case"], "fn": "${fn}"}${options})`;
    const lines = (...given: string[]) => this.#function(given, []);
    const forever = () => lines('w.wait_for_event(type = "sim.never")');
    const kind = this.#random.between(0, 5);
    if (kind === 0) {
      const name = this.handler(() => lines('fail("as it must")'), "failed");
      see(`w.attempt(lambda: ${start(name)}).error.code`, "ChildFailed");
    } else if (kind === 1) {
      const name = this.handler(forever, "cancelled");
      see(`w.race([lambda: ${start(name)}, lambda: w.sleep(seconds = 60)]).index`, 1);
    } else if (kind === 2) {
      const close = this.#random.pick(["cancel", "terminate"]);
      const name = this.handler(forever, "cancelled");
      body.lines.push(start(name, `, wait = False, parent_close = "${close}"`));
    } else {
      const define = () => this.define(Math.max(depth + 1, 2));
      const name =
        kind === 3
          ? this.handler(() => this.#cleaningUp(define()), "wanted")
          : this.handler(define, "succeeded");
      const plan = this.plans.get(name);
      if (kind === 3) body.lines.push(start(name, ", wait = False"));
      else if (kind === 4) body.lines.push(start(name, ', wait = False, parent_close = "abandon"'));
      else see(start(name), plan?.output ?? null);
    }
    this.#isChild = isInside;
  }
}

/** A task that nobody waits for: at the end of its run it may hold a lock that other runs need. */
function leftBehind(random: Random): string {
  if (random.between(1, 3) > 1) return "";
  const task = `w.lock("key-${random.between(1, 2)}", lambda: w.wait_for_event(type = "sim.never"))`;
  return `    w.spawn(lambda: ${task})\n    w.sleep(seconds = 30)\n`;
}

/** A run that does something and then starts over: its second round is the one that is the generated workflow. */
function firstRound(generator: Generator, random: Random): { name: string; lines: string } | undefined {
  if (!random.chance(0.25)) return undefined;
  const name = generator.handler(() => generator.define(2), "continued");
  const lines = `    if "round" not in ev["data"]:\n        ${name}(w, ev)\n        w.continue_as_new(data = dict(ev["data"], round = 1))\n`;
  return { name, lines };
}

/** How many runs of one group may go on at once, by their triggers. */
export function limitsOf({ paced, scheduled }: Workload): Limits {
  const limits = PACED_TRIGGERS.map((trigger) => [trigger, paced?.concurrency?.limit]);
  const isOneAtATime = scheduled !== undefined && scheduled.overlap !== "allow";
  return Object.fromEntries([...limits, [NIGHTLY, isOneAtATime ? 1 : undefined]]);
}

export function generateWorkload(random: Random): Workload {
  const generator = new Generator(random);
  const main = generator.handler(() => generator.define(0), "succeeded");
  const before = firstRound(generator, random);
  const { source: triggers, paced, scheduled, count } = generateTriggers(random);
  const plans = new Map(generator.plans);
  plans.set("chain", { ends: "succeeded", output: "chain", effects: ["chain"] });
  plans.set("first", plans.get(before?.name ?? main) as Plan);
  plans.set("main", plans.get(main) as Plan);
  const source = [
    ...generator.functions,
    `def main(w, ev):\n${before?.lines ?? ""}    out = ${main}(w, ev)\n${leftBehind(random)}    return out\n\non_event(type = "sim.start", handler = main)\n${CHAIN}`,
    triggers,
    `BODIES = {${generator.functions.map((_, index) => `"f${index}": f${index}`).join(", ")}}\n`,
  ];
  const deployments = generateDeployments(random);
  if (deployments) source.push(DEPLOY);
  return {
    source: source.join("\n"),
    plans,
    events: generator.events,
    signals: generator.signals,
    needsHands: generator.needsHands,
    paced,
    scheduled,
    deployments,
    triggers: OWN_TRIGGERS + count + (deployments ? 1 : 0),
  };
}
