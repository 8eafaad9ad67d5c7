// The state of a run or an activity: always a word, and a colour for those who see it.
const tones: Record<string, string> = {
  running: "moving",
  deciding: "moving",
  queued: "waiting",
  waiting: "waiting",
  gathering: "waiting",
  retrying: "warning",
  held: "held",
  pending: "held",
  succeeded: "good",
  approved: "good",
  failed: "bad",
  denied: "bad",
  stuck: "bad",
  cancelled: "over",
  withdrawn: "over",
};

export function State({ state }: { state: string }) {
  return <span className={`state tone-${tones[state] ?? "over"}`}>{state}</span>;
}

export function toneOf(state: string): string {
  return tones[state] ?? "over";
}
