// How measurements are taken and printed.

export interface Figures {
  p50: number;
  p99: number;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/**
 * Times of `samples` calls one after another, in ms, after some that do not count; what `prepare` takes is not in them.
 */
export async function timed(
  samples: number,
  call: (n: number) => Promise<void>,
  prepare?: () => Promise<unknown>,
): Promise<Figures> {
  const times: number[] = [];
  const warmUp = Math.max(1, Math.ceil(samples / 5));
  for (let n = -warmUp; n < samples; n++) {
    await prepare?.();
    const before = performance.now();
    await call(n);
    if (n >= 0) times.push(performance.now() - before);
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Calls per second of `clients` that each call again as soon as they have an answer. */
export async function throughput(
  clients: number,
  calls: number,
  call: (n: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let n = next++; n < calls; n = next++) await call(n);
    }),
  );
  return calls / ((performance.now() - before) / 1000);
}

/**
 * What one more of `xs` adds to `ys`, from the first point to the last: what a run costs before its first step is not
 * in it.
 */
export function slope(xs: readonly number[], ys: readonly number[]): number {
  const rise = (values: readonly number[]) => (values.at(-1) ?? Number.NaN) - (values[0] ?? Number.NaN);
  return rise(ys) / rise(xs);
}

/** A number with three significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function row(label: string, cells: readonly string[]): string {
  return `${label.padEnd(44)}${cells.map((cell) => cell.padStart(12)).join("")}`;
}
