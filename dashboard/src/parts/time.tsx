// Times in the reader's zone: how long ago, and exactly on hover.
import { useSyncExternalStore } from "react";

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });

const listeners = new Set<() => void>();
let now = Date.now();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, 1000);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The time, anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function ago(at: number, from: number): string {
  const seconds = Math.round((at - from) / 1000);
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(seconds, "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

export function Ago({ at }: { at: number }) {
  const instant = new Date(at);
  return (
    <time dateTime={instant.toISOString()} title={exact.format(instant)}>
      {ago(Math.min(at, useNow()), useNow())}
    </time>
  );
}

/** `1.2 s`, `3 min 4 s`, `2 h 5 min`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.round(Math.max(0, ms))} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long it took, or takes until now. */
export function Took({ from, to }: { from: number; to?: number | undefined }) {
  const now = useNow();
  return <span className="num">{span((to ?? now) - from)}</span>;
}

export function Exactly({ at }: { at: number }) {
  const instant = new Date(at);
  return <time dateTime={instant.toISOString()}>{exact.format(instant)}</time>;
}
