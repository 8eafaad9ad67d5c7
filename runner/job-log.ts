// The log of one job on its way to the server: addressed by byte offset, so that sending a part twice changes
// nothing. What the server has acknowledged is forgotten here.

const MAX_TAIL_LINES = 20;
const MAX_TAIL_CHARACTERS = 4000;

export class JobLog {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #acknowledged = 0;
  #written = 0;
  #tail = "";
  #isFull = false;

  /** `maxBytes` bounds the whole log of a job, and so the memory it takes while the server is away. */
  constructor(maxBytes = 8 << 20) {
    this.#maxBytes = maxBytes;
  }

  write(text: string): void {
    if (text === "") return;
    this.#tail = (this.#tail + text).slice(-MAX_TAIL_CHARACTERS * 2);
    if (this.#isFull) return;
    let bytes = Buffer.from(text.toWellFormed());
    if (this.#written + bytes.length > this.#maxBytes) {
      this.#isFull = true;
      bytes = Buffer.from(`\n[the log is longer than ${this.#maxBytes} bytes, the rest was dropped]\n`);
    }
    this.#pending.push(bytes);
    this.#written += bytes.length;
  }

  /** Ends the current line, if one has begun: messages of the runner stand on lines of their own. */
  line(text: string): void {
    const begun = this.#tail !== "" && !this.#tail.endsWith("\n");
    this.write(`${begun ? "\n" : ""}${text}\n`);
  }

  get isSent(): boolean {
    return this.#acknowledged === this.#written;
  }

  /** The next part to send, at most `maxBytes` long and never a broken character; undefined when all is sent. */
  chunk(maxBytes: number): { offset: number; text: string; bytes: number } | undefined {
    if (this.isSent) return undefined;
    const all = Buffer.concat(this.#pending);
    this.#pending = [all];
    let end = Math.min(all.length, maxBytes);
    // A continuation byte (10xxxxxx) must stay with the bytes before it.
    while (end < all.length && ((all[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    return { offset: this.#acknowledged, text: all.subarray(0, end).toString("utf8"), bytes: end };
  }

  /** The server has the part of this length. */
  acknowledge(bytes: number): void {
    const all = Buffer.concat(this.#pending).subarray(bytes);
    this.#pending = all.length > 0 ? [all] : [];
    this.#acknowledged += bytes;
  }

  /** The last lines, for the message of a failure. */
  tail(): string {
    return this.#tail.trimEnd().split("\n").slice(-MAX_TAIL_LINES).join("\n").slice(-MAX_TAIL_CHARACTERS);
  }
}
