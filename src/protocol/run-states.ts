// The states of a run, for everybody: also for pages, which do without the schemas.
export const runStates = ["running", "waiting", "succeeded", "failed", "cancelled", "stuck"] as const;
export type RunState = (typeof runStates)[number];
export const finishedStates: readonly RunState[] = ["succeeded", "failed", "cancelled"];
export const unfinishedStates: readonly RunState[] = runStates.filter(
  (state) => !finishedStates.includes(state),
);
