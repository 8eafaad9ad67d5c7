// How the local development server lets thirty minutes pass in seconds. Only the timers of runs are scaled:
// what the script and the journal say about time stays true to the clock.

/**
 * The factor in `SLUICE_TIME_SCALE`: 1 when it is not set. Throws on anything but a number from 1 to 1,000,000,
 * so that a typing error does not silently turn minutes into minutes.
 */
export function timeScale(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const scale = Number(text);
  if (!Number.isFinite(scale) || scale < 1 || scale > 1_000_000) {
    throw new RangeError(`SLUICE_TIME_SCALE is ${JSON.stringify(text)}: give a number from 1 to 1000000`);
  }
  return scale;
}

/** The factor that this Worker uses: a deployed one uses none, whatever the variable says. */
export function timeScaleOf(env: { SLUICE_MODE: string; SLUICE_TIME_SCALE?: string }): number {
  return env.SLUICE_MODE === "local" ? timeScale(env.SLUICE_TIME_SCALE) : 1;
}

/** When a timer that is meant for `dueAt` fires: as much of the way from `now` as the scale leaves. */
export function scaledDueAt(dueAt: number, now: number, scale: number): number {
  return now + Math.ceil(Math.max(0, dueAt - now) / scale);
}
