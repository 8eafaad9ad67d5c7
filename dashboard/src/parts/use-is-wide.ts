import { useSyncExternalStore } from "react";

const query = matchMedia("(min-width: 1100px)");

function subscribe(listener: () => void): () => void {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether there is room for two things beside each other. */
export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
