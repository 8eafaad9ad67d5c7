import { z } from "zod";
import type { RunId } from "./ids.ts";
import { type Result, refuse } from "./result.ts";
import type { Trigger } from "./workflow.ts";

/**
 * What has become of a start that a trigger's flow control has a say in. `gathering`: it collects events (debounce,
 * batch); `limited`: it waits for a permit (rate_limit); `queued`: for a place (concurrency); `started`: its run goes
 * on, as far as the bus knows; `finished`: its run is over and its place free; `superseded`: a newer one goes in its
 * place; `dropped`: no permit or place was free; `cancelled`: somebody took it back before it began.
 */
export const startStates = [
  "gathering",
  "limited",
  "queued",
  "started",
  "finished",
  "superseded",
  "dropped",
  "cancelled",
] as const;
export type StartState = (typeof startStates)[number];
export const waitingStates = ["gathering", "limited", "queued"] as const satisfies readonly StartState[];

/** Whether a start may still begin, and has not. */
export function isWaiting({ state }: { state: StartState }): boolean {
  return waitingStates.some((one) => one === state);
}

/** What is said to those who ask for a run whose start waits no more, and has not begun it. */
export function neverBegan({ state, reason }: { state: StartState; reason: string }): Result<never> {
  return refuse("unknown_run", `the run never began, it was ${state}: ${reason}`);
}

/**
 * What a run says to those who wait for its place; `successor` is the run that goes on there, if one does. `waiting`: it
 * has asked for the place and not heard that it has it.
 */
export interface Standing {
  state: "unknown" | "waiting" | "on" | "over";
  successor?: RunId;
}

/** A run that begins where one that is over was asks for a place of its own. */
export interface PlaceClaim {
  run: RunId;
  /** The one that it begins again. */
  continues: RunId;
  workflow: string;
  digest: string;
  initiator: string;
  trigger: Trigger;
  /** Arrival number of the event behind both: tells older from newer. */
  seq: number;
  /** What the key of the trigger comes out as for the event; refused where it does not. */
  key: Result<string>;
}

/** What becomes of such a claim; with a `reason`, the run is not to begin. */
export type PlaceAnswer = { isGranted: true } | { isGranted: false; reason: string };

export const startSchema = z.object({
  /** The run it is, or would have been. */
  run: z.string(),
  workflow: z.string(),
  trigger: z.string(),
  state: z.enum(startStates),
  /** In words: what it waits for, or why it ended as it did. */
  reason: z.string(),
  /** The concurrency group, with its key: starts of the same group follow each other. */
  group: z.string().optional(),
  priority: z.number().int(),
  /** How many events it stands for. */
  events: z.number().int(),
  initiator: z.string(),
  createdAt: z.number(),
  changedAt: z.number(),
  /** When it goes on by itself, if a clock decides. */
  dueAt: z.number().optional(),
  /** The runs that hold the places it waits for. */
  behind: z.array(z.string()).optional(),
});
export type StartView = z.infer<typeof startSchema>;

/** Runs that go on as one another: the first of them, and how many of them came before this one. */
export interface Lineage {
  first: RunId;
  generation: number;
}
