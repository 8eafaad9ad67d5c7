// Where finished runs are kept once their objects hold them no more: a bucket, two files a run. `history.ndjson` is
// what `sluice run export` writes, `log.ndjson` has a line of the log on each line. Both are packed with gzip, and say so
// (`content-encoding`); those that were written before that are read as well.
//
// 1. A file is there whole or not at all, and the history is the last to be written: where it is, the run is archived.
// 2. A finished run does not change, so writing it again writes the same. Another run of the same id, begun by an event
//    whose first arrival was forgotten, never takes the place of what is there.
import type { HistoryHead } from "../../src/protocol/history.ts";
import type { RunId } from "../../src/protocol/ids.ts";

/** How much of a packed file is sent at a time; a smaller one is sent whole. R2 wants all parts but the last alike. */
const PART_BYTES = 8 * 1024 * 1024;
/** In UTF-16 units: what is packed at a time. */
const BATCH_LENGTH = 64 * 1024;
const GZIP = "gzip";

/** What is to be archived, the text of each file in pieces, and how many records there are. */
export interface ArchivedText {
  history: Iterable<string>;
  log: Iterable<string>;
  records: number;
}

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

  /** What is there under a run's id: how many records of which start. */
  async found(run: RunId): Promise<{ records: string | undefined; head: HistoryHead } | undefined> {
    const history = await this.#bucket.get(this.#key(run, "history"));
    if (!history) return undefined;
    for await (const line of linesIn(history)) {
      return { records: history.customMetadata?.records, head: JSON.parse(line) as HistoryHead };
    }
    throw new Error(`the archived history of ${run} is empty`);
  }

  async has(run: RunId): Promise<boolean> {
    return (await this.#bucket.head(this.#key(run, "history"))) !== null;
  }

  async put(run: RunId, { history, log, records }: ArchivedText) {
    await this.#write(this.#key(run, "log"), log, {});
    await this.#write(this.#key(run, "history"), history, { records: String(records) });
  }

  /** The files of a run; undefined when it is not archived. */
  async open(run: RunId): Promise<ArchivedRun | undefined> {
    const history = await this.#bucket.get(this.#key(run, "history"));
    if (!history) return undefined;
    const log = await this.#bucket.get(this.#key(run, "log"));
    return { history: linesIn(history), log: log ? linesIn(log) : noLines() };
  }

  #key(run: RunId, file: "history" | "log"): string {
    return `${this.#workspace}/runs/${run}/${file}.ndjson`;
  }

  /** Nothing of a file is there before all of it is. What was begun of one that failed is cleared away by the bucket. */
  async #write(key: string, pieces: Iterable<string>, customMetadata: Record<string, string>): Promise<void> {
    const httpMetadata = { contentType: "application/x-ndjson", contentEncoding: GZIP };
    const options = { httpMetadata, customMetadata };
    let upload: R2MultipartUpload | undefined;
    const uploaded: R2UploadedPart[] = [];
    try {
      for await (const { bytes, isLast } of partsOf(packed(pieces))) {
        if (isLast && !upload) {
          await this.#bucket.put(key, bytes, options);
          return;
        }
        upload ??= await this.#bucket.createMultipartUpload(key, options);
        uploaded.push(await upload.uploadPart(uploaded.length + 1, bytes));
      }
      await upload?.complete(uploaded);
    } catch (error) {
      // Why it failed says more than that it could not be cleared away.
      await upload?.abort().catch(() => {});
      throw error;
    }
  }
}

/** The pieces in UTF-8 and packed, made as they are read. */
function packed(pieces: Iterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const source = pieces[Symbol.iterator]();
  const text = new ReadableStream<Uint8Array>({
    pull(controller) {
      let batch = "";
      while (batch.length < BATCH_LENGTH) {
        const { value, done } = source.next();
        if (done) break;
        batch += value;
      }
      if (batch === "") controller.close();
      else controller.enqueue(encoder.encode(batch));
    },
  });
  return text.pipeThrough(new CompressionStream(GZIP));
}

/** A stream in parts of the same size, the last of which may be smaller. */
async function* partsOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; isLast: boolean }> {
  let kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    kept.push(chunk);
    length += chunk.length;
    // Only when more has come is a part known not to be the last.
    while (length > PART_BYTES) {
      const all = joined(kept, length);
      yield { bytes: all.subarray(0, PART_BYTES), isLast: false };
      kept = [all.subarray(PART_BYTES)];
      length -= PART_BYTES;
    }
  }
  yield { bytes: joined(kept, length), isLast: true };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function linesIn({ body, httpMetadata }: R2ObjectBody): AsyncGenerator<string> {
  const isPacked = httpMetadata?.contentEncoding === GZIP;
  return linesOf(isPacked ? body.pipeThrough(new DecompressionStream(GZIP)) : body);
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
