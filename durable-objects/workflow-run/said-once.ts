// Finds what records of a row of the journal say again, so that the row says it once.

/** A place in the table; `added` when that holds nothing like it yet. */
export interface Numbered {
  number: number;
  added?: string;
}

/** How values of a table are compared, and written. */
export interface Saying<T> {
  isSame(a: T, b: T): boolean;
  textOf(value: T): string;
}

/** A table of texts, each once. */
export class SaidOnce<T> {
  readonly texts: string[] = [];
  readonly #saying: Saying<T>;
  readonly #numbers = new Map<string, number>();
  /** By topic: what is said next about it is most often the same. */
  readonly #last = new Map<string, { value: T; number: number }>();

  constructor(saying: Saying<T>) {
    this.#saying = saying;
  }

  find(topic: string, value: T): Numbered {
    const last = this.#last.get(topic);
    if (last && this.#saying.isSame(last.value, value)) return { number: last.number };
    const text = this.#saying.textOf(value);
    const number = this.#numbers.get(text);
    return number === undefined ? { number: this.texts.length, added: text } : { number };
  }

  keep(topic: string, value: T, { number, added }: Numbered): void {
    this.#last.set(topic, { value, number });
    if (added === undefined) return;
    this.#numbers.set(added, number);
    this.texts.push(added);
  }
}
