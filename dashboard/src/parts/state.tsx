// The state of a run or an activity: always a word, and a colour for those who see it.
const tones: Record<string, string> = {
  running: "moving",
  deciding: "moving",
  queued: "waiting",
  waiting: "waiting",
  gathering: "waiting",
  limited: "waiting",
  started: "good",
  finished: "good",
  woken: "moving",
  undecided: "warning",
  planned: "waiting",
  "in force": "held",
  working: "moving",
  idle: "good",
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

const marks: Record<string, string> = {
  good: "✓",
  bad: "✕",
  moving: "●",
  waiting: "◌",
  held: "‖",
  warning: "↻",
  over: "–",
};

/** The same where there is no room for a word: a mark, and the word for those who hear it. */
export function StateMark({ state }: { state: string }) {
  return (
    <span className={`state-mark tone-${toneOf(state)}`} title={state}>
      <span aria-hidden="true">{marks[toneOf(state)]}</span>
      <span className="sr">{state}</span>
    </span>
  );
}

export function toneOf(state: string): string {
  return tones[state] ?? "over";
}
