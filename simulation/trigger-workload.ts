// Generated triggers that have a say in the pace of their runs, and schedules.
import { type ConcurrencyMode, concurrencyModes } from "../src/protocol/flow-control.ts";
import type { Random } from "./random.ts";

/** Triggers whose runs share places, where they have such: the first is for events of the type `sim.paced`. */
export const PACED_TRIGGERS: readonly string[] = ["sim/paced", "sim/urgent"];
export const NIGHTLY = "sim/nightly";

/** A trigger for events of the type `sim.paced`, whose `data.key` tells groups apart. */
export interface PacedTrigger {
  concurrency?: { mode: ConcurrencyMode; limit: number };
  rateLimit?: { count: number; perMs: number; over: "wait" | "drop" };
  gathers?: "debounce" | "batch";
  /** Its runs go on as others before they end. */
  continues: boolean;
  /** The events that are to be sent, in order: their types and groups. */
  events: { type: "sim.paced" | "sim.urgent"; key: string }[];
}

/** A schedule `sim/nightly`, every time of which counts. */
export interface ScheduledTrigger {
  everyMs: number;
  /** How long it goes on before somebody pauses it for good. */
  forMs: number;
  /** What a time does that comes while the run of the one before goes on. */
  overlap: "allow" | "queue" | "skip";
}

const MINUTE = 60_000;

function pacedTrigger(random: Random): { trigger: PacedTrigger; source: string; triggers: number } {
  const keys = Array.from({ length: random.between(2, 9) }, () => random.pick(["red", "red", "blue"]));
  const trigger: PacedTrigger = {
    continues: false,
    events: keys.map((key) => ({ type: "sim.paced", key })),
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
  let concurrency = "";
  if (rules.length === 0 || random.chance(0.5)) {
    const mode = random.pick(concurrencyModes);
    const limit = random.between(1, 2);
    trigger.concurrency = { mode, limit };
    concurrency = `concurrency(key = "event.data.key", group = "lane", mode = "${mode}", limit = ${limit})`;
    rules.push(`concurrency = ${concurrency}`);
  }
  const sources = [`on_event(type = "sim.paced", name = "paced", handler = paced, ${rules.join(", ")})`];
  // Others that go first ask for the same places, and for nothing else.
  if (trigger.concurrency && rules.length === 1 && random.chance(0.5)) {
    sources.push(
      `on_event(type = "sim.urgent", name = "urgent", handler = paced, priority = 10, concurrency = ${concurrency})`,
    );
    for (const event of trigger.events) if (random.chance(0.4)) event.type = "sim.urgent";
  }
  // A batch holds no data of its own to go on with.
  trigger.continues = trigger.gathers !== "batch" && random.chance(0.3);
  return {
    trigger,
    source: [pacedHandler(trigger, random), ...sources].join("\n"),
    triggers: sources.length,
  };
}

/** Cleans up for a while, so that whoever has it end may well say so a second time meanwhile. */
function pacedHandler({ continues }: PacedTrigger, random: Random): string {
  const run = (tag: string) => `w.run(step = "sim.example/ok@v1", inputs = {"tag": "${tag}"})["tag"]`;
  const lines = [
    ...(random.chance(0.5) ? [`w.defer(lambda: ${run("cleanup")})`] : []),
    `w.sleep(seconds = ${random.between(0, 600)})`,
    ...(continues
      ? ['if "round" not in ev["data"]:', '    w.continue_as_new(data = dict(ev["data"], round = 1))']
      : []),
    `return ${run("paced")}`,
  ];
  return `def paced(w, ev):\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

export function generateTriggers(random: Random): {
  source: string;
  paced: PacedTrigger | undefined;
  scheduled: ScheduledTrigger | undefined;
  /** How many are declared. */
  count: number;
} {
  const sources: string[] = [];
  let paced: PacedTrigger | undefined;
  let scheduled: ScheduledTrigger | undefined;
  let count = 0;
  if (random.chance(0.4)) {
    const { trigger, source, triggers } = pacedTrigger(random);
    paced = trigger;
    count += triggers;
    sources.push(source);
  }
  if (random.chance(0.25)) {
    const minutes = random.between(7, 40);
    scheduled = {
      everyMs: minutes * MINUTE,
      forMs: random.between(30, 180) * MINUTE,
      overlap: random.pick(["allow", "allow", "queue", "skip"]),
    };
    count += 1;
    // Some last longer than it is to the next time.
    const seconds = random.pick([10, 10, minutes * 90]);
    sources.push(
      `def nightly(w, ev):\n    w.sleep(seconds = ${seconds})\n    return ev["data"]["scheduled_at"]\n\n` +
        `on_schedule(every = "${minutes}m", handler = nightly, name = "nightly", overlap = "${scheduled.overlap}", backfill = "all")\n`,
    );
  }
  return { source: sources.join("\n"), paced, scheduled, count };
}
