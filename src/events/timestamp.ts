// Times as CloudEvents hold them: RFC 3339.

const timePattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** True for an RFC 3339 date and time that exists in the calendar. */
export function isTimestamp(text: string): boolean {
  const parts = timePattern.exec(text);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

/** RFC 3339 for milliseconds since the epoch; undefined for what lies outside the years 1970 to 9999. */
export function timeFromMs(ms: number): string | undefined {
  return ms >= 0 && ms < 253_402_300_800_000 ? new Date(ms).toISOString() : undefined;
}
