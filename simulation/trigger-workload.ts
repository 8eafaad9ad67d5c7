// Generated triggers that have a say in the pace of their runs, and schedules.
import { type ConcurrencyMode, concurrencyModes } from "../src/protocol/flow-control.ts";
import type { Random } from "./random.ts";

/** A trigger for events of the type `sim.paced`, whose `data.key` tells groups apart. */
export interface PacedTrigger {
  concurrency?: { mode: ConcurrencyMode; limit: number };
  rateLimit?: { count: number; perMs: number; over: "wait" | "drop" };
  gathers?: "debounce" | "batch";
  /** Groups of the events that are to be sent, in order. */
  keys: string[];
}

/** A schedule `sim/nightly`, every time of which counts. */
export interface ScheduledTrigger {
  everyMs: number;
  /** How long it goes on before somebody pauses it for good. */
  forMs: number;
}

const MINUTE = 60_000;

function pacedTrigger(random: Random): { trigger: PacedTrigger; rules: string[] } {
  const trigger: PacedTrigger = {
    keys: Array.from({ length: random.between(2, 9) }, () => random.pick(["red", "red", "blue"])),
  };
  const rules: string[] = [];
  if (random.chance(0.3)) {
    trigger.gathers = random.pick(["debounce", "batch"]);
    rules.push(
      trigger.gathers === "debounce"
        ? 'debounce = debounce("3m", key = "event.data.key", max_wait = "10m")'
        : 'batch = batch(max = 3, within = "5m", key = "event.data.key")',
    );
  }
  if (random.chance(0.3)) {
    const rateLimit = {
      count: random.between(1, 2),
      perMs: 10 * MINUTE,
      over: random.pick(["wait", "drop"] as const),
    };
    trigger.rateLimit = rateLimit;
    rules.push(`rate_limit = rate_limit(${rateLimit.count}, per = "10m", over = "${rateLimit.over}")`);
  }
  if (rules.length === 0 || random.chance(0.5)) {
    const concurrency = { mode: random.pick(concurrencyModes), limit: random.between(1, 2) };
    trigger.concurrency = concurrency;
    // A batch is of one key, but holds no `data.key` for others to ask for.
    rules.push(
      `concurrency = concurrency(key = "event.data.key", mode = "${concurrency.mode}", limit = ${concurrency.limit})`,
    );
  }
  return { trigger, rules };
}

export function generateTriggers(random: Random): {
  source: string;
  paced: PacedTrigger | undefined;
  scheduled: ScheduledTrigger | undefined;
} {
  const sources: string[] = [];
  let paced: PacedTrigger | undefined;
  let scheduled: ScheduledTrigger | undefined;
  if (random.chance(0.4)) {
    const { trigger, rules } = pacedTrigger(random);
    paced = trigger;
    sources.push(
      `def paced(w, ev):\n    w.sleep(seconds = ${random.between(0, 600)})\n    return w.run(step = "sim.example/ok@v1", inputs = {"tag": "paced"})["tag"]\n\n` +
        `on_event(type = "sim.paced", name = "paced", handler = paced, ${rules.join(", ")})\n`,
    );
  }
  if (random.chance(0.25)) {
    const minutes = random.between(7, 40);
    scheduled = { everyMs: minutes * MINUTE, forMs: random.between(30, 180) * MINUTE };
    sources.push(
      `def nightly(w, ev):\n    w.sleep(seconds = 10)\n    return ev["data"]["scheduled_at"]\n\n` +
        `on_schedule(every = "${minutes}m", handler = nightly, name = "nightly", overlap = "allow", backfill = "all")\n`,
    );
  }
  return { source: sources.join("\n"), paced, scheduled };
}
