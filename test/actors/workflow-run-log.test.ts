import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogStore, MAX_RUN_LOG_BYTES } from "../../durable-objects/workflow-run/log-store.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { CommandId } from "../../src/protocol/ids.ts";

const command = "0#1" as CommandId;

async function inObject(body: (sql: SqlStorage) => void): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, state) => {
    await migrate(drizzle(state.storage), tables);
    body(state.storage.sql);
  });
}

function texts(log: LogStore): string[] {
  const { lines, next } = log.page(0, 100_000);
  expect(next).toBeUndefined();
  return lines.map(({ text }) => text);
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
            const before = log.page(0, 1_000_000).lines.length;
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
            const kept = log.page(0, 1_000_000).lines.slice(before);
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
      expect(log.page(0, 10).lines).toEqual([
        { seq: 1, at: 1, command, attempt: 1, stream: "function", text: "first" },
        { seq: 2, at: 2, command, attempt: 2, stream: "function", text: "second" },
      ]);
    }));

  test("a gap is shown, not hidden", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendFunction(1, { command, attempt: 1, offset: 100, text: "late\n" });
      expect(texts(log)).toEqual(["[100 bytes of the log never arrived]", "late"]);
      log.appendFunction(1, { command, attempt: 1, offset: 105, text: "next\n" });
      expect(texts(log).at(-1)).toBe("next");
    }));

  test("what the script prints is there at once, line by line", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendScript([{ at: 5, text: "one\ntwo" }]);
      log.appendScript([{ at: 6, command, text: "three" }]);
      expect(log.page(0, 10).lines).toEqual([
        { seq: 1, at: 5, stream: "script", text: "one" },
        { seq: 2, at: 5, stream: "script", text: "two" },
        { seq: 3, at: 6, command, stream: "script", text: "three" },
      ]);
    }));

  test("is read in pages without a gap or a repetition", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      for (let n = 1; n <= 25; n += 1) log.appendScript([{ at: n, text: `line ${n}` }]);
      const seen: string[] = [];
      let after: number | undefined = 0;
      while (after !== undefined) {
        const page: ReturnType<LogStore["page"]> = log.page(after, 10);
        expect(page.lines.length).toBeLessThanOrEqual(10);
        seen.push(...page.lines.map(({ text }) => text));
        after = page.next;
      }
      expect(seen).toEqual(texts(log));
    }));

  test("a line without end is cut into lines of bounded length", () =>
    inObject((sql) => {
      const log = new LogStore(sql);
      log.appendFunction(1, { command, attempt: 1, offset: 0, text: "x".repeat(100_000) });
      log.appendFunction(1, { command, attempt: 1, offset: 100_000, text: "y\n" });
      const lines = texts(log);
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
});
