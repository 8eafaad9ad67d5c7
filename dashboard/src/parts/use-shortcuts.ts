import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { views } from "./shortcuts.ts";

const SEQUENCE_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

/** Wherever the key was heard: in a dialog, one that slips must not lead away from what is being done. */
const isInDialog = () => document.querySelector('[role="dialog"]') !== null;

/**
 * Ctrl/⌘ K and `/` for the palette, `?` for help, `g` and a letter for a view. Quiet while somebody types, or is in a
 * dialog.
 */
export function useShortcuts({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }): void {
  const navigate = useNavigate();
  useEffect(() => {
    let goAt = 0;
    const hear = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        if (!isInDialog()) onPalette();
        return;
      }
      if (isTyping(event.target) || isInDialog() || event.metaKey || event.ctrlKey || event.altKey) return;
      const view = event.timeStamp - goAt < SEQUENCE_MS && views.find(({ key }) => key === event.key);
      goAt = event.key === "g" ? event.timeStamp : 0;
      if (view) void navigate({ to: view.to });
      else if (event.key === "?") onHelp();
      else if (event.key === "/") {
        event.preventDefault();
        onPalette();
      }
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, [navigate, onPalette, onHelp]);
}
