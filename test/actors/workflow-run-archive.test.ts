import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { archiveOf } from "../../durable-objects/workflow-run/archive.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { archivedText } from "../http/archived-text.ts";

const { ARCHIVE: bucket } = env as Env & { ARCHIVE: R2Bucket };
const workspace = "archive-test";
const newRun = () => `run_${crypto.randomUUID().replaceAll("-", "")}` as RunId;

function archive() {
  const found = archiveOf({ ARCHIVE: bucket }, workspace);
  if (!found) throw new Error("no bucket is bound");
  return found;
}

async function read(run: RunId) {
  const opened = await archive().open(run);
  const lines = async (from: AsyncIterable<string> | undefined) => {
    const all: string[] = [];
    for await (const line of from ?? []) all.push(line);
    return all;
  };
  return { history: await lines(opened?.history), log: await lines(opened?.log) };
}

/** Text that packing hardly makes smaller. */
function* noise(mebibytes: number): Generator<string> {
  const decoder = new TextDecoder("windows-1252");
  const bytes = new Uint8Array(32 * 1024);
  for (let n = 0; n < mebibytes * 16; n += 1) yield decoder.decode(crypto.getRandomValues(bytes));
}

describe("an archived file", () => {
  test("has every character, however its pieces are cut, and is much smaller", async () => {
    const run = newRun();
    const line = `{"text":"${"été 😀 ".repeat(100)}"}`;
    const pieces = Array.from({ length: 3000 }, () => [line.slice(0, 7), `${line.slice(7)}\n`]).flat();
    await archive().put(run, { history: pieces, log: ["a\n", "b"], records: 3 });
    const { history, log } = await read(run);
    expect(history).toHaveLength(3000);
    expect(new Set(history)).toEqual(new Set([line]));
    expect(log).toEqual(["a", "b"]);
    expect(await archive().found(run)).toMatchObject({ records: "3", head: JSON.parse(line) });
    expect((await bucket.head(`${workspace}/runs/${run}/history.ndjson`))?.size).toBeLessThan(100_000);
  });

  test("that is too large for one part is there whole", async () => {
    const run = newRun();
    const written: string[] = [];
    const noted = function* (): Generator<string> {
      for (const piece of noise(9)) {
        written.push(piece);
        yield piece;
      }
    };
    await archive().put(run, { history: noted(), log: [], records: 1 });
    const text = await archivedText(bucket, `${workspace}/runs/${run}/history.ndjson`);
    expect(text === written.join("")).toBe(true);
    expect((await read(run)).log).toEqual([]);
  });

  test("is not there when what is to be written fails, at whatever point", async () => {
    for (const mebibytes of [0, 9]) {
      const run = newRun();
      const broken = function* (): Generator<string> {
        yield* noise(mebibytes);
        throw new Error("unreadable");
      };
      await expect(archive().put(run, { history: broken(), log: [], records: 1 })).rejects.toThrow(
        "unreadable",
      );
      expect(await archive().has(run)).toBe(false);
    }
  });
});
