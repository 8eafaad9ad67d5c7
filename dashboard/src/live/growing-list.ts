// A list that only grows on the server (journal, log): reads what is missing, in order, without gap or repetition.
import { useEffect, useRef, useState } from "react";

interface Item {
  seq: number;
}

/** Everything up to `upTo`, page by page. */
export function useGrowingList<T extends Item>(
  key: string,
  upTo: number,
  read: (id: string, after: number) => Promise<{ items: T[]; more: boolean }>,
): { items: T[]; error: Error | undefined } {
  const [state, setState] = useState<{ key: string; items: T[]; error?: Error }>({ key, items: [] });
  const isReading = useRef(false);
  const items = state.key === key ? state.items : [];
  const last = items.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (last >= upTo || isReading.current) return;
    isReading.current = true;
    read(key, last)
      .then(
        (page) => setState({ key, items: [...items, ...page.items.filter(({ seq }) => seq > last)] }),
        (error: Error) => setState({ key, items, error }),
      )
      .finally(() => {
        isReading.current = false;
      });
  }, [key, last, upTo, read, items]);
  return { items, error: state.error };
}
