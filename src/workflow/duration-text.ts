const units: readonly (readonly [string, number])[] = [
  ["d", 24 * 3600_000],
  ["h", 3600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** A length of time for people, in its two largest units: `30m`, `1h 30m`, `2d`, `250ms`. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? `${Math.round(ms)}ms` : parts.slice(0, 2).join(" ");
}
