import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LogPage, LogReader } from "../../durable-objects/workflow-run/log-reader.ts";
import {
  LogStore,
  MAX_PIECE_LENGTH,
  MAX_RUN_LOG_BYTES,
} from "../../durable-objects/workflow-run/log-store.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import { MASK, Mask } from "../../src/protocol/mask.ts";
import type { LogLine } from "../../src/protocol/run.ts";

const command = "0#1" as CommandId;

async function inObject(body: (sql: SqlStorage) => void): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, state) => {
    await migrate(drizzle(state.storage), tables);
    body(state.storage.sql);
  });
}

const nothing = new Mask();

function linesIn(sql: SqlStorage, mask = nothing): LogLine[] {
  return [...new LogReader(sql).pages(Number.POSITIVE_INFINITY, mask)].flat();
}

function texts(sql: SqlStorage): string[] {
  return linesIn(sql).map(({ text }) => text);
}

const bytes = (text: string) => new TextEncoder().encode(text).byteLength;

describe("a run's log", () => {
  test("is the same however often its chunks are repeated and however they overlap", () =>
    inObject((sql) => {
      let attempt = 0;
      const character = fc.constantFrom("a", "b", "\n", "é", "😀", "\u001b[31m");
      fc.assert(
        fc.property(
          fc.array(character, { maxLength: 60 }),
          fc.array(fc.tuple(fc.nat(60), fc.nat(20)), { maxLength: 12 }),
          (characters, repeats) => {
            attempt += 1;
            const log = new LogStore(sql);
            const before = linesIn(sql).length;
            let sent = 0;
            const send = (from: number, to: number) =>
              new LogStore(sql).appendFunction(1, {
                command,
                attempt,
                offset: bytes(characters.slice(0, from).join("")),
                text: characters.slice(from, to).join(""),
              });
            for (const [start, length] of repeats) {
              // Never a gap: a runner sends nothing whose predecessor it has not sent.
              const from = Math.min(start, sent);
              const to = Math.min(from + length, characters.length);
              send(from, to);
              sent = Math.max(sent, to);
            }
            send(sent, characters.length);
            log.endFunction(2, { command, attempt });
            log.endFunction(2, { command, attempt });

            const expected = characters.join("").split("\n");
            if (expected.at(-1) === "") expected.pop();
            const kept = linesIn(sql).slice(before);
            expect(kept.map(({ text }) => text)).toEqual(expected);
          },
        ),
        { numRuns: 60 },
      );
    }));

  test("attempts of one command keep their own offsets", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: "first\n" });
      log.appendFunction(2, { command, attempt: 2, offset: 0, text: "second\n" });
      log.appendFunction(3, { command, attempt: 1, offset: 0, text: "first\n" });
      expect(linesIn(sql)).toEqual([
        { seq: 1, at: 1, command, attempt: 1, stream: "function", text: "first" },
        { seq: 2, at: 2, command, attempt: 2, stream: "function", text: "second" },
      ]);
    }));

  test("a gap is shown, not hidden", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendFunction(1, { command, attempt: 1, offset: 100, text: "late\n" });
      expect(texts(sql)).toEqual(["[100 bytes of the log never arrived]", "late"]);
      log.appendFunction(1, { command, attempt: 1, offset: 105, text: "next\n" });
      expect(texts(sql).at(-1)).toBe("next");
    }));

  test("what the script prints is there at once, line by line", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendScript([{ at: 5, text: "one\ntwo" }]);
      log.appendScript([{ at: 6, command, text: "three" }]);
      expect(linesIn(sql)).toEqual([
        { seq: 1, at: 5, stream: "script", text: "one" },
        { seq: 2, at: 5, stream: "script", text: "two" },
        { seq: 3, at: 6, command, stream: "script", text: "three" },
      ]);
    }));

  test("holds what is written in one turn to the letter and in order, however much it is", () =>
    inObject((sql) => {
      const piece = fc.constantFrom("a", "\u0000", '"', "\\", "\u001b[31m", "é", "😀", "\u2028", "\n", "'");
      const text = fc.oneof(
        fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
        fc.constantFrom("\u0000".repeat(40_000), "€".repeat(200_000)),
      );
      fc.assert(
        fc.property(fc.array(text, { maxLength: 30 }), (written) => {
          const log = new LogStore(sql);
          log.clear();
          log.appendScript(written.map((one, n) => ({ at: n, command, text: one })));
          expect(texts(sql).join("")).toBe(written.join("").replaceAll("\n", ""));
        }),
        { numRuns: 15 },
      );
    }));

  test("shows half a character as one that cannot be shown", () =>
    inObject((sql) => {
      new LogStore(sql).appendScript([{ at: 1, text: "a\ud83db" }]);
      expect(texts(sql)).toEqual(["a\ufffdb"]);
    }));

  test("is read in pages without a gap or a repetition", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      for (let n = 1; n <= 25; n += 1) log.appendScript([{ at: n, text: `line ${n}` }]);
      const seen: string[] = [];
      let after: number | undefined = 0;
      while (after !== undefined) {
        const page: LogPage = new LogReader(sql).page(after, 10, nothing);
        expect(page.lines.length).toBeLessThanOrEqual(10);
        seen.push(...page.lines.map(({ text }) => text));
        after = page.next;
      }
      expect(seen).toEqual(texts(sql));
    }));

  test("a line without end is cut into lines of bounded length", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: "x".repeat(100_000) });
      log.appendFunction(1, { command, attempt: 1, offset: 100_000, text: "y\n" });
      const lines = texts(sql);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(16 * 1024);
      expect(lines.join("")).toBe(`${"x".repeat(100_000)}y`);
    }));

  test("is bounded, says where it ends, and still takes chunks without complaint", () =>
    inObject((sql) => {
      const line = `${"z".repeat(1023)}\n`;
      const chunk = line.repeat(256);
      for (let offset = 0; offset < 2 * MAX_RUN_LOG_BYTES; offset += chunk.length) {
        // Read back after every restart: the bound survives an eviction.
        new LogStore(sql).appendFunction(1, { command, attempt: 1, offset, text: chunk });
      }
      const log = new LogStore(sql);
      log.appendScript([{ at: 1, text: "too late" }]);
      const { size, last } = sql
        .exec<{ size: number; last: string }>(
          "SELECT SUM(LENGTH(text) + 1) AS size, (SELECT text FROM log_lines ORDER BY seq DESC LIMIT 1) AS last FROM log_lines",
        )
        .one();
      expect(size).toBeLessThan(MAX_RUN_LOG_BYTES + chunk.length);
      expect(size).toBeGreaterThan(MAX_RUN_LOG_BYTES - chunk.length);
      expect(last).toBe("[the log ends here: a run keeps 16 MiB]");
    }));

  test("the pieces of a long line say so, and no character is split", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      const text = `${"x".repeat(MAX_PIECE_LENGTH - 1)}😀${"y".repeat(MAX_PIECE_LENGTH)}`;
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: `${text}\nnext\n` });
      log.appendScript([{ at: 1, text }]);
      const lines = linesIn(sql);
      expect(lines.map(({ continues = false }) => continues)).toEqual([
        ...[false, true, true],
        ...[false],
        ...[false, true, true],
      ]);
      expect(texts(sql).slice(0, 3).join("")).toBe(text);
      expect(texts(sql).slice(4).join("")).toBe(text);
    }));
});

/** As somebody reads it who puts long lines together again. */
function joined(lines: readonly LogLine[]): string[] {
  const open = new Map<string, number>();
  const whole: string[] = [];
  for (const { stream, command: of, attempt, text, continues } of lines) {
    const writer = `${stream} ${of} ${attempt}`;
    const index = open.get(writer);
    if (continues && index !== undefined) whole[index] += text;
    else open.set(writer, whole.push(text) - 1);
  }
  return whole;
}

/** A secret on the border of two pieces shows the mask in both. */
function collapsed(text: string): string {
  return text.replaceAll(new RegExp(`(${MASK})+`, "g"), MASK);
}

function pageByPage(sql: SqlStorage, mask: Mask, size: number): LogLine[] {
  const lines: LogLine[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: LogPage = new LogReader(sql).page(after, size, mask);
    lines.push(...page.lines);
    after = page.next;
  }
  return lines;
}

describe("a secret in a run's log", () => {
  const secret = fc.oneof(
    fc.stringMatching(/^[a-d]{6,30}$/),
    fc.constantFrom("sk-😀-été-😀", "0123456789abcdef".repeat(300), "long and longer ".repeat(1200)),
  );

  test("is in no view of it, wherever its pieces, its chunks and its pages end", () =>
    inObject((sql) => {
      fc.assert(
        fc.property(
          fc.uniqueArray(secret, { minLength: 1, maxLength: 3 }),
          fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -40, max: 40 }), fc.nat(2)), {
            maxLength: 4,
          }),
          fc.array(fc.integer({ min: 1, max: 3 * MAX_PIECE_LENGTH }), { maxLength: 6 }),
          fc.boolean(),
          (secrets, places, cuts, endsLine) => {
            const log = new LogStore(sql);
            log.clear();
            const mask = new Mask();
            for (const one of secrets) mask.add(one);
            let text = "";
            for (const [border, offset, which] of places) {
              const until = border * MAX_PIECE_LENGTH + offset - text.length;
              text += `${"-".repeat(Math.max(1, until))}${secrets[which % secrets.length]}`;
            }
            text += endsLine ? "\nthe next line\n" : "…";
            const whole = [...text];
            let offset = 0;
            const send = (part: string) => {
              log.appendFunction(1, { command, attempt: 1, offset, text: part });
              offset += bytes(part);
              // Another writer comes in between.
              log.appendFunction(1, { command, attempt: 2, offset: offset * 2, text: "other\n" });
              const live = joined(pageByPage(sql, mask, 3)).join("\n");
              for (const one of secrets) expect(live.includes(one)).toBe(false);
            };
            let at = 0;
            for (const cut of cuts) {
              send(whole.slice(at, at + cut).join(""));
              at += cut;
            }
            send(whole.slice(at).join(""));
            log.endFunction(2, { command, attempt: 1 });

            for (const size of [1, 600]) {
              const mine = pageByPage(sql, mask, size).filter(({ attempt }) => attempt === 1);
              const seen = joined(mine).join("\n");
              for (const one of secrets) expect(seen.includes(one)).toBe(false);
            }
            const mine = linesIn(sql, mask).filter(({ attempt }) => attempt === 1);
            const expected = text.replace(/\n$/, "").split("\n");
            expect(joined(mine).map(collapsed)).toEqual(expected.map((line) => collapsed(mask.text(line))));
          },
        ),
        { numRuns: 25 },
      );
    }));

  test("does not show its beginning before the rest of it has come", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      const mask = new Mask();
      mask.add("hunter2-hunter2");
      const shown = () => joined(linesIn(sql, mask)).map(collapsed);
      const filler = "-".repeat(MAX_PIECE_LENGTH - 6);
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: `${filler}hunter2` });
      expect(shown()).toEqual([`${filler}${MASK}`]);
      log.appendFunction(1, { command, attempt: 1, offset: filler.length + 7, text: "s were here\n" });
      expect(shown()).toEqual([`${filler}hunter2s were here`]);
    }));

  test("does not show its beginning where a part of the log never came, or there was no more room", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      const mask = new Mask();
      mask.add("hunter2-hunter2");
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: "the hunter2-" });
      log.appendFunction(1, { command, attempt: 1, offset: 15, text: "ter2\n" });
      expect(linesIn(sql, mask).map(({ text }) => text)).toEqual([
        `the ${MASK}…`,
        "[3 bytes of the log never arrived]",
        "ter2",
      ]);
      log.clear();
      const filler = "-".repeat(MAX_RUN_LOG_BYTES - 6);
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: `${filler}hunter` });
      log.appendFunction(1, { command, attempt: 1, offset: filler.length + 6, text: "2-hunter2\n" });
      log.endFunction(1, { command, attempt: 1 });
      expect(
        linesIn(sql, mask)
          .map(({ text }) => text)
          .join(""),
      ).not.toContain("hunt");
    }));

  test("does not show its beginning where the log was full when the attempt ended", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      const mask = new Mask();
      mask.add("hunter2-hunter2");
      const line = `${"-".repeat(MAX_PIECE_LENGTH - 6)}hunter2-hunter`;
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: line });
      const others = `${"-".repeat(1023)}\n`.repeat(MAX_RUN_LOG_BYTES / 1024);
      log.appendFunction(1, { command, attempt: 2, offset: 0, text: others });
      // A message may come twice.
      for (let time = 0; time < 2; time++) {
        log.endFunction(2, { command, attempt: 1 });
        const mine = linesIn(sql, mask).filter(({ attempt }) => attempt === 1);
        expect(joined(mine).map(collapsed)).toEqual([`${"-".repeat(MAX_PIECE_LENGTH - 6)}${MASK}`]);
      }
    }));

  test("is masked in what the script printed before anybody knew of it", () =>
    inObject((sql) => {
      const mask = new Mask();
      mask.add("hunter2-hunter2");
      const filler = "-".repeat(MAX_PIECE_LENGTH - 6);
      new LogStore(sql).appendScript([{ at: 1, text: `${filler}hunter2-hunter2` }]);
      expect(linesIn(sql, mask).map(({ text }) => text)).toEqual([`${filler}${MASK}`, MASK]);
    }));
});
