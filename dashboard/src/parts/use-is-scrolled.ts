import { type RefObject, useSyncExternalStore } from "react";

function subscribe(listener: () => void): () => void {
  addEventListener("scroll", listener, { passive: true });
  return () => removeEventListener("scroll", listener);
}

/** Whether the top of the element has been scrolled out of sight. */
export function useIsScrolled(element: RefObject<HTMLElement | null>): boolean {
  return useSyncExternalStore(subscribe, () => scrollY > (element.current?.offsetTop ?? scrollY));
}
