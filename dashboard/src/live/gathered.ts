// Readings in answer to changes: a burst is read once, and one reading ends before the next begins, so that what never
// rests cannot cancel every reading before it ends.
const GATHER_MS = 60;

export interface Gathered {
  /** Something has changed: it is read soon. */
  ask(): void;
  stop(): void;
}

export function gathered(read: () => Promise<void>): Gathered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReading = false;
  let isBehind = false;
  let isOver = false;
  const readNow = async () => {
    timer = undefined;
    isReading = true;
    isBehind = false;
    await read();
    isReading = false;
    if (isBehind && !isOver) ask();
  };
  const ask = () => {
    isBehind = true;
    if (!isReading) timer ??= setTimeout(() => void readNow(), GATHER_MS);
  };
  const stop = () => {
    isOver = true;
    clearTimeout(timer);
  };
  return { ask, stop };
}
