// Times in the reader's zone: how long ago, and exactly on hover.
import { useSyncExternalStore } from "react";
import { span } from "./span.ts";

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

/** How long it took, or takes until now. */
export function Took({ from, to }: { from: number; to?: number | undefined }) {
  const now = useNow();
  return <span className="num">{span((to ?? now) - from)}</span>;
}

/** Date, time and zone, where there is only room for words. */
export function exactText(iso: string): string {
  return exact.format(new Date(iso));
}

export function Exactly({ at }: { at: number }) {
  const instant = new Date(at);
  return <time dateTime={instant.toISOString()}>{exact.format(instant)}</time>;
}
