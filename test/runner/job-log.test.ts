import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobLog } from "../../runner/job-log.ts";
import { MaskedStream, Masker } from "../../runner/masking.ts";
import { MASK } from "../../src/protocol/mask.ts";

describe("a job's log", () => {
  it("arrives whole, in whatever parts it is written and sent, never with a broken character", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }), { maxLength: 20 }),
        fc.integer({ min: 4, max: 40 }),
        (texts, maxBytes) => {
          const log = new JobLog();
          let received = "";
          for (const text of texts) {
            log.write(text);
            const chunk = log.chunk(maxBytes);
            if (!chunk) continue;
            expect(chunk.offset).toBe(Buffer.byteLength(received));
            expect(chunk.bytes).toBeLessThanOrEqual(maxBytes);
            received += chunk.text;
            log.acknowledge(chunk.bytes);
          }
          for (let chunk = log.chunk(maxBytes); chunk; chunk = log.chunk(maxBytes)) {
            received += chunk.text;
            log.acknowledge(chunk.bytes);
          }
          expect(received).toBe(texts.join("").toWellFormed());
          expect(log.isSent).toBe(true);
        },
      ),
    );
  });

  it("offers the same part again until it is acknowledged", () => {
    const log = new JobLog();
    log.write("one");
    const first = log.chunk(100);
    log.write(" two");
    expect(first).toEqual({ offset: 0, text: "one", bytes: 3 });
    expect(log.chunk(100)).toEqual({ offset: 0, text: "one two", bytes: 7 });
    log.acknowledge(3);
    expect(log.chunk(100)).toEqual({ offset: 3, text: " two", bytes: 4 });
  });

  it("is cut off at its limit, says so, and still knows its last lines", () => {
    const log = new JobLog(100);
    for (let line = 1; line <= 50; line += 1) log.write(`line ${line}\n`);
    expect(log.chunk(1000)?.text).toContain("longer than 100 bytes");
    expect(log.chunk(1000)?.text).not.toContain("line 50");
    expect(log.tail().split("\n")).toHaveLength(20);
    expect(log.tail()).toMatch(/line 50$/);
  });

  it("puts what the runner says on lines of their own", () => {
    const log = new JobLog();
    log.write("unfinished");
    log.line("--- said");
    log.line("--- again");
    expect(log.chunk(100)?.text).toBe("unfinished\n--- said\n--- again\n");
  });
});

describe("masking", () => {
  // Of few letters, so that they overlap.
  const word = fc.oneof(fc.stringMatching(/^[a-c]{4,8}$/), fc.stringMatching(/^[ab]{4,6}$/));

  it("hides every secret, wherever the chunks of a stream are cut, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(word, fc.constantFrom("plain ", "\n", "xyz", "ü", "abca…")), { maxLength: 12 }),
        fc.array(fc.nat(5)),
        (secrets, pieces, cuts) => {
          const masker = new Masker();
          masker.add(secrets);
          let out = "";
          const stream = new MaskedStream(masker, (text) => {
            out += text;
          });
          const bytes = Buffer.from(pieces.join(""));
          let at = 0;
          for (const cut of cuts) {
            stream.push(bytes.subarray(at, at + cut));
            at = Math.min(bytes.length, at + cut);
          }
          stream.push(bytes.subarray(at));
          stream.end();
          for (const secret of secrets) expect(out).not.toContain(secret);
          expect(out).toBe(masker.mask(pieces.join("")));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("keeps back no more than a secret is long, however long secrets overlap", () => {
    const masker = new Masker();
    masker.add(["ababa", "babac"]);
    const out: string[] = [];
    const stream = new MaskedStream(masker, (text) => out.push(text));
    stream.push(Buffer.from("xaba"));
    for (let n = 0; n < 10; n += 1) stream.push(Buffer.from("ba"));
    stream.push(Buffer.from("c, "));
    stream.push(Buffer.from("ababa"));
    stream.end();
    expect(out).toEqual(["x", MASK, ", ", MASK]);
  });

  it("does not hold back what cannot be a secret's beginning", () => {
    const masker = new Masker();
    masker.add(["secret"]);
    const out: string[] = [];
    const stream = new MaskedStream(masker, (text) => out.push(text));
    stream.push(Buffer.from("ready se"));
    stream.push(Buffer.from("e"));
    expect(out).toEqual(["ready ", "see"]);
  });

  it("covers the lines of a secret and its usual encodings, and leaves very short ones", () => {
    const masker = new Masker();
    masker.add(["first line\nsecond line", 'quo"ted & more', "ab"]);
    expect(masker.mask("x second line y")).toBe(`x ${MASK} y`);
    expect(masker.mask(JSON.stringify('quo"ted & more'))).toBe(`"${MASK}"`);
    expect(masker.mask(`?q=${encodeURIComponent('quo"ted & more')}`)).toBe(`?q=${MASK}`);
    expect(masker.mask("about")).toBe("about");
  });
});
