// What the kill tests share: how often and when, and a sender who insists.
import type { CloudEvent, EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { eventually, type LocalSluice } from "../end-to-end/local-sluice.ts";

export const KILLS = Number(process.env.KILLS ?? 5);
/** Repeats a sequence of moments. */
export const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
/** A test of so many kills takes no longer than this, however busy the machine. */
export const PATIENCE_MS = 240_000 + KILLS * 60_000;

/** Mulberry32: small, seeded, good enough to pick moments. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Posts until acknowledged: what a sender of webhooks does when the receiver is away. */
export function insist(
  sluice: LocalSluice,
  event: Pick<CloudEvent, "id" | "type" | "data">,
): Promise<EventReceipt> {
  const post = async () => {
    const { events } = await sluice.admin.post<{ events: EventReceipt[] }>("/v1/events", {
      headers: { "content-type": "application/cloudevents+json" },
      rawBody: JSON.stringify({ specversion: "1.0", source: "/test/kill", ...event }),
    });
    return events[0];
  };
  return eventually(`202 for ${event.id}`, post, PATIENCE_MS);
}

export async function journalOf(sluice: LocalSluice, run: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: { records: JournalRecord[]; next?: number } = await sluice.admin.get(
      `/v1/runs/${run}/journal`,
      { query: { after, limit: 500 } },
    );
    records.push(...page.records);
    after = page.next;
  }
  return records;
}
