// The platform that actors live on: one instance of each at most, calls between them over a network, alarms, power.
//
// 1. One thing happens at a time: a call arrives, an answer arrives, a timer or an alarm fires, a commit completes.
// 2. What leaves an actor (calls, answers) leaves after the commit of everything it wrote before: the output gate.
// 3. A killed instance does nothing more: its storage refuses, its calls and answers are lost, its timers are gone.
//    What was committed is what the next instance finds.
import { type Actor, type ActorKind, type Actors, actorClasses } from "./bundle.ts";
import type { Clock } from "./clock.ts";
import { copyOf } from "./copy.ts";
import { Disk, type Readings } from "./disk.ts";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";

/** Takes a line of the trace, which is put into words only where somebody reads it. */
export type Trace = (line: () => string) => void;

interface Instance {
  object: Actor;
  alive: boolean;
  ready: Promise<unknown>;
  timers: Set<number>;
  /** Calls under way in it, by what ends them when it is killed. */
  serving: Set<(reason: Error) => void>;
}

export interface Place {
  kind: ActorKind;
  name: string;
  disk: Disk;
  instance: Instance | undefined;
  /** What leaves it once what it wrote is committed. */
  gated: (() => void)[];
  /** `isAgain`: its handler was cut off, and the platform will call it again. */
  alarm: { armedAt: number | null; running: boolean; isAgain: boolean; failures: number };
  /** How far its clock is off, in ms. */
  skew: number;
}

const bindings: Record<string, ActorKind> = {
  CATALOG: "Catalog",
  DIRECTORY: "Directory",
  ENVIRONMENT: "Environment",
  LOCK: "Lock",
  EVENT_BUS: "EventBus",
  JOB_ROUTER: "JobRouter",
  WORKFLOW_RUN: "WorkflowRun",
};

/** Kept from one simulation to the next: no fault in the source changes tables. */
const readings = Object.fromEntries(actorClasses.map((kind) => [kind, new Map()])) as Record<
  ActorKind,
  Readings
>;

/** Who is no actor: people, runners. */
const OUTSIDE = "outside";

/** The platform drops an alarm whose handler has failed this often. */
const ALARM_ATTEMPTS = 6;

export class Cluster {
  readonly places = new Map<string, Place>();
  /** Called after every commit with the place it happened at. */
  onCommit: (place: Place) => void = () => {};
  /** Called with every call that arrives. */
  onCall: (kind: ActorKind, method: string, args: readonly unknown[]) => void = () => {};
  readonly #actors: Actors;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #trace: Trace;
  readonly #vars: Record<string, string>;
  /** The place where something is happening; undefined for what is outside. */
  #active: Place | undefined;
  #timerIds = 0;
  readonly #timers = new Map<number, { instance: Instance; act: () => void }>();

  constructor(options: {
    actors: Actors;
    clock: Clock;
    random: Random;
    faults: Faults;
    trace: Trace;
    vars?: Record<string, string>;
  }) {
    this.#actors = options.actors;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#faults = options.faults;
    this.#trace = options.trace;
    this.#vars = options.vars ?? {};
    const random = this.#random.fork();
    options.actors.usePlatform({
      now: () => Math.floor(this.#clock.now) + (this.#active?.skew ?? 0),
      setTimeout: (act, ms) => this.#setTimeout(act, ms),
      clearTimeout: (id) => void this.#timers.delete(id),
      bytes: (count) => random.bytes(count),
      log: (level, entry) => {
        if (level === "error")
          this.#trace(() => `    ${this.#active?.name ?? ""} says ${JSON.stringify(entry)}`);
      },
    });
  }

  /** Everything a Worker has in `env`. */
  readonly env: Record<string, unknown> = this.#makeEnv();

  #makeEnv(): Record<string, unknown> {
    const namespaces = Object.entries(bindings).map(([binding, kind]) => [
      binding,
      { idFromName: (name: string) => name, get: (name: string) => this.#stub(kind, name) },
    ]);
    return Object.fromEntries(namespaces);
  }

  /** Calls an actor, as a route of the Worker would. Throws what a lost connection throws. */
  call<T>(kind: ActorKind, name: string, method: string, ...args: unknown[]): Promise<T> {
    return this.#call(kind, name, method, args) as Promise<T>;
  }

  place(kind: ActorKind, name: string): Place {
    const key = `${kind} ${name}`;
    let place = this.places.get(key);
    if (!place) {
      const made: Place = {
        kind,
        name,
        disk: new Disk(() => this.#commitSoon(made), readings[kind]),
        instance: undefined,
        gated: [],
        alarm: { armedAt: null, running: false, isAgain: false, failures: 0 },
        skew: 0,
      };
      place = made;
      this.places.set(key, place);
    }
    return place;
  }

  close(): void {
    for (const { disk } of this.places.values()) disk.close();
  }

  // ------------------------------------------------------------------- calls

  #stub(kind: ActorKind, name: string): unknown {
    return new Proxy(
      {},
      {
        get: (_, method) => {
          if (typeof method !== "string" || method === "then") return undefined;
          return (...args: unknown[]) => this.#call(kind, name, method, args);
        },
      },
    );
  }

  #call(kind: ActorKind, name: string, method: string, args: unknown[]): Promise<unknown> {
    const caller = this.#active;
    const from = caller?.instance;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sent = copyOf(args);
    const answer = (settle: () => void) => {
      if (!caller) settle();
      else if (from && from === caller.instance) this.#act(caller, settle);
    };
    const lost = () => {
      this.#clock.after(this.#random.between(1, 2000), () =>
        answer(() => reject(new Error("Network connection lost."))),
      );
    };
    this.#emit(caller, () => {
      const label = `${caller?.name ?? "outside"} → ${name} ${method}`;
      if (this.#strikes("lose-call", label)) {
        lost();
        return;
      }
      const receive = () =>
        this.#serve(kind, name, method, { args: sent, from: caller?.name ?? OUTSIDE }, (settled) => {
          if (this.#strikes("lose-answer", label)) lost();
          else
            this.#clock.after(this.#random.between(0, 20), () =>
              answer(() => ("error" in settled ? reject(settled.error) : resolve(settled.value))),
            );
        });
      const slow = this.#strikes("slow-call", label);
      this.#clock.after(this.#random.between(0, 20) + (slow ? this.#random.between(50, 60_000) : 0), receive);
      if (this.#strikes("duplicate-call", label)) {
        this.#clock.after(this.#random.between(0, 40_000), () =>
          this.#serve(kind, name, method, { args: copyOf(sent), from: caller?.name ?? OUTSIDE }, () => {}),
        );
      }
    });
    return promise;
  }

  #serve(
    kind: ActorKind,
    name: string,
    method: string,
    { args, from }: { args: unknown[]; from: string },
    reply: (settled: { value: unknown } | { error: unknown }) => void,
  ): void {
    const place = this.place(kind, name);
    this.#act(place, () => {
      const instance = this.#boot(place);
      this.onCall(kind, method, args);
      this.#trace(() => `${from} → ${name}.${method}(${shortened(args)})`);
      const die = (error: Error) => reply({ error });
      instance.serving.add(die);
      const finish = (settled: { value: unknown } | { error: unknown }) => {
        if (!instance.alive) return;
        this.#emit(place, () => {
          instance.serving.delete(die);
          reply(settled);
        });
      };
      void instance.ready
        .then(() => {
          const act = instance.object[method];
          if (!act) throw new Error(`${kind} has no method ${method}`);
          return act.apply(instance.object, args);
        })
        .then(
          (value) => finish({ value: copyOf(value) }),
          (error) => finish({ error }),
        );
    });
  }

  /** Sends something out of a place: when everything it wrote before is committed. */
  #emit(place: Place | undefined, send: () => void): void {
    if (place?.disk.isDirty) place.gated.push(send);
    else send();
  }

  // --------------------------------------------------------------- instances

  #boot(place: Place): Instance {
    if (place.instance) return place.instance;
    const instance: Instance = {
      object: {},
      alive: true,
      ready: Promise.resolve(),
      timers: new Set(),
      serving: new Set(),
    };
    place.instance = instance;
    const ctx = {
      id: { name: place.name, toString: () => place.name },
      storage: place.disk.storageFor(() => instance.alive),
      blockConcurrencyWhile: (work: () => Promise<unknown>) => {
        const done = work();
        instance.ready = Promise.all([instance.ready, done]);
        // What fails in there resets the object.
        instance.ready.catch(() => {
          if (place.instance === instance) this.kill(place);
        });
        return done;
      },
      waitUntil: () => {},
      getWebSockets: () => [],
      acceptWebSocket: () => {},
      setWebSocketAutoResponse: () => {},
    };
    const Class = this.#actors[place.kind];
    instance.object = new Class(ctx, { ...this.env, ...this.#vars });
    return instance;
  }

  /** Does something at a place, now. */
  #act(place: Place, act: () => void): void {
    this.#active = place;
    if (this.#faults.strikes("clock-jump", place.name, this.#clock.now)) {
      place.skew = this.#random.between(-200, 5000);
      this.#trace(() => `*** the clock of ${place.name} is off by ${place.skew} ms`);
    }
    act();
  }

  /** To be called when what a step did has come to rest. */
  afterStep(): void {
    const place = this.#active;
    this.#active = undefined;
    if (!place?.instance || place.disk.isDirty) return;
    if (this.#strikes("evict", place.name)) this.kill(place);
    this.#watchAlarm(place);
  }

  /** Power off: what was not committed is gone, and whoever waits for an answer is told that there will be none. */
  kill(place: Place): void {
    const { instance } = place;
    if (!instance) return;
    instance.alive = false;
    place.instance = undefined;
    place.gated = [];
    place.disk.lose();
    for (const id of instance.timers) this.#timers.delete(id);
    const { serving } = instance;
    for (const die of serving) die(new Error("Durable Object reset."));
    if (place.alarm.running) {
      place.alarm.running = false;
      this.#alarmAgain(place);
    }
    this.#watchAlarm(place);
  }

  #setTimeout(act: () => void, ms: number): number {
    const place = this.#active;
    const instance = place?.instance;
    if (!place || !instance) throw new Error("a timer was set outside of every actor");
    const id = ++this.#timerIds;
    this.#timers.set(id, { instance, act });
    instance.timers.add(id);
    this.#clock.after(Math.max(ms, 0), () => {
      const timer = this.#timers.get(id);
      this.#timers.delete(id);
      instance.timers.delete(id);
      if (timer && place.instance === instance) this.#act(place, timer.act);
    });
    return id;
  }

  // ----------------------------------------------------------------- storage

  #commitSoon(place: Place): void {
    const { instance } = place;
    this.#clock.after(this.#random.between(0, 3), () => {
      if (place.instance !== instance || !place.disk.isDirty) return;
      if (this.#strikes("kill-before-commit", place.name)) {
        this.kill(place);
        return;
      }
      place.disk.commit();
      this.onCommit(place);
      if (this.#strikes("kill-after-commit", place.name)) {
        this.kill(place);
        return;
      }
      const gated = place.gated;
      place.gated = [];
      for (const send of gated) send();
      this.#watchAlarm(place);
    });
  }

  // ------------------------------------------------------------------ alarms

  #watchAlarm(place: Place): void {
    const at = place.disk.durableAlarm;
    if (at === place.alarm.armedAt) return;
    place.alarm.armedAt = at;
    if (at !== null) this.#fireAt(place, at);
  }

  #fireAt(place: Place, at: number): void {
    const late = this.#strikes("late-alarm", place.name) ? this.#random.between(100, 30_000) : 0;
    this.#clock.at(Math.max(at, this.#clock.now) + 1 + late, () => {
      // Moved meanwhile, or fired by an earlier event for the same time.
      if (place.alarm.armedAt !== at || place.disk.durableAlarm !== at) return;
      if (place.alarm.running) {
        // The platform runs one handler at a time.
        this.#clock.after(10, () => this.#fireAt(place, at));
        return;
      }
      this.#runAlarm(place);
    });
  }

  #runAlarm(place: Place): void {
    const { alarm } = place;
    this.#act(place, () => {
      const instance = this.#boot(place);
      place.disk.clearAlarm();
      alarm.armedAt = null;
      alarm.running = true;
      this.#trace(() => `${place.name} alarm`);
      // An alarm is over when what its handler wrote is committed.
      const ended = (failed: boolean) => {
        if (!instance.alive) return;
        this.#emit(place, () => {
          alarm.running = false;
          if (failed) this.#alarmFailed(place);
          else alarm.failures = 0;
        });
      };
      void instance.ready
        .then(() => instance.object.alarm?.())
        .then(
          () => ended(false),
          () => ended(true),
        );
    });
  }

  #alarmFailed(place: Place): void {
    place.alarm.failures += 1;
    if (place.alarm.failures <= ALARM_ATTEMPTS) this.#alarmAgain(place);
  }

  /** An alarm whose handler did not come to its end is fired again, unless the handler has set another. */
  #alarmAgain(place: Place): void {
    if (place.disk.durableAlarm !== null) return;
    place.alarm.isAgain = true;
    this.#clock.after(2000, () => {
      place.alarm.isAgain = false;
      if (place.disk.durableAlarm === null && !place.alarm.running) this.#runAlarm(place);
    });
  }

  #strikes(kind: Parameters<Faults["strikes"]>[0], what: string): boolean {
    const strikes = this.#faults.strikes(kind, what, this.#clock.now);
    if (strikes) this.#trace(() => `*** ${kind} ${what}`);
    return strikes;
  }
}

function shortened(args: unknown[]): string {
  const text = JSON.stringify(args) ?? "";
  return text.length > 160 ? `${text.slice(1, 158)}…` : text.slice(1, -1);
}
