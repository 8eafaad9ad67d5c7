// Whether what is on screen follows what happens. Live only when every open socket is.
import { useSyncExternalStore } from "react";

const states = new Map<string, boolean>();
const listeners = new Set<() => void>();

/** `undefined`: the socket is not wanted any more. */
export function setLive(name: string, isLive: boolean | undefined): void {
  if (isLive === undefined) states.delete(name);
  else states.set(name, isLive);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useIsLive(): boolean {
  return useSyncExternalStore(subscribe, () => [...states.values()].every(Boolean));
}
