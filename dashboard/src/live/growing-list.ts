// A list that only grows on the server (journal, log): reads what is missing, in order, without gap or repetition.
import { useEffect, useRef, useState } from "react";

interface Item {
  seq: number;
}

/** How long after a failure it is tried again: the server may be restarting. */
const RETRY_MS = 1000;

interface Grown<T> {
  key: string;
  items: readonly T[];
  error?: Error | undefined;
}

/** Everything up to `upTo`, page by page; what has been read stays while more is read, or cannot be. */
export function useGrowingList<T extends Item>(
  key: string,
  upTo: number,
  read: (id: string, after: number) => Promise<{ items: T[] }>,
): { items: readonly T[]; error: Error | undefined } {
  const [state, setState] = useState<Grown<T>>({ key, items: [] });
  const wanted = useRef(upTo);
  const readOn = useRef<() => void>(undefined);
  useEffect(() => {
    let items: readonly T[] = [];
    let isReading = false;
    let isStopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grow = async () => {
      for (;;) {
        const last = items.at(-1)?.seq ?? 0;
        if (last >= wanted.current) return;
        const page = await read(key, last);
        if (isStopped) return;
        const fresh = page.items.filter(({ seq }) => seq > last);
        // Told of more than can be read yet: what follows will say so again.
        if (fresh.length === 0) return;
        items = [...items, ...fresh];
        setState({ key, items });
      }
    };
    readOn.current = () => {
      if (isReading || isStopped) return;
      isReading = true;
      clearTimeout(timer);
      grow()
        .catch((error: Error) => {
          if (isStopped) return;
          setState({ key, items, error });
          timer = setTimeout(() => readOn.current?.(), RETRY_MS);
        })
        .finally(() => {
          isReading = false;
        });
    };
    readOn.current();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }, [key, read]);
  useEffect(() => {
    wanted.current = upTo;
    readOn.current?.();
  }, [upTo]);
  return state.key === key ? { items: state.items, error: state.error } : { items: [], error: undefined };
}
