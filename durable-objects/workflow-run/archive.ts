// Where finished runs are kept once their objects hold them no more: a bucket, two files a run. `history.ndjson` is
// what `sluice run export` writes, `log.ndjson` has a line of the log on each line.
//
// 1. A file is there whole or not at all, and the history is the last to be written: where it is, the run is archived.
// 2. A finished run does not change, so writing it again writes the same.
import type { RunId } from "../../src/protocol/ids.ts";

/** Gives the text of a file in pieces, the same each time it is asked. */
export type Pieces = () => Iterable<string>;

export interface ArchivedRun {
  /** The lines of its history: the head, then the records. */
  history: AsyncIterable<string>;
  log: AsyncIterable<string>;
}

/** The archive of a workspace; undefined when no bucket is bound. */
export function archiveOf({ ARCHIVE: bucket }: Pick<Env, "ARCHIVE">, workspace: string): Archive | undefined {
  return bucket && new Archive(bucket, workspace);
}

class Archive {
  readonly #bucket: R2Bucket;
  readonly #workspace: string;

  constructor(bucket: R2Bucket, workspace: string) {
    this.#bucket = bucket;
    this.#workspace = workspace;
  }

  /** Whether the run is there, with this many records. */
  async holds(run: RunId, records: number): Promise<boolean> {
    const found = await this.#bucket.head(this.#key(run, "history"));
    return found?.customMetadata?.records === String(records);
  }

  async has(run: RunId): Promise<boolean> {
    return (await this.#bucket.head(this.#key(run, "history"))) !== null;
  }

  async put(run: RunId, { history, log, records }: { history: Pieces; log: Pieces; records: number }) {
    await this.#write(this.#key(run, "log"), log, {});
    await this.#write(this.#key(run, "history"), history, { records: String(records) });
  }

  /** The files of a run; undefined when it is not archived. */
  async open(run: RunId): Promise<ArchivedRun | undefined> {
    const history = await this.#bucket.get(this.#key(run, "history"));
    if (!history) return undefined;
    const log = await this.#bucket.get(this.#key(run, "log"));
    return { history: linesOf(history.body), log: log ? linesOf(log.body) : noLines() };
  }

  #key(run: RunId, file: "history" | "log"): string {
    return `${this.#workspace}/runs/${run}/${file}.ndjson`;
  }

  /** The bucket wants to know the length first, and a run may be larger than memory: the pieces are made twice. */
  async #write(key: string, pieces: Pieces, customMetadata: Record<string, string>): Promise<void> {
    const encoder = new TextEncoder();
    let length = 0;
    for (const piece of pieces()) length += encoder.encode(piece).byteLength;
    const { readable, writable } = new FixedLengthStream(length);
    const pump = async () => {
      const writer = writable.getWriter();
      for (const piece of pieces()) await writer.write(encoder.encode(piece));
      await writer.close();
    };
    const httpMetadata = { contentType: "application/x-ndjson" };
    await Promise.all([this.#bucket.put(key, readable, { httpMetadata, customMetadata }), pump()]);
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let partial = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    yield* lines;
  }
  if (partial !== "") yield partial;
}

async function* noLines(): AsyncGenerator<string> {}
