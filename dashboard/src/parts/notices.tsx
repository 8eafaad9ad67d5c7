// Sentences that must outlive what they are about: a card that has gone cannot say why.
import { useSyncExternalStore } from "react";

interface Notice {
  id: number;
  text: string;
}

const MAX_SHOWN = 3;
let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows the sentence until the reader takes it away. */
export function giveNotice(text: string): void {
  last += 1;
  set([...notices, { id: last, text }].slice(-MAX_SHOWN));
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <div className="notices" role="alert">
      {shown.map(({ id, text }) => (
        <div key={id} className="notice">
          <p>{text}</p>
          <button
            type="button"
            className="button small"
            onClick={() => set(notices.filter((notice) => notice.id !== id))}
          >
            Understood
          </button>
        </div>
      ))}
    </div>
  );
}
