// The promise of docs/journal.md: what a version has written, every later version replays, to the same calls and the
// same end. A file that fails here is never recorded anew: the engine has to read it.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type JournalRecord, type NotedRecord, noteKinds } from "../../src/protocol/journal.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { commandKinds } from "../../src/workflow/commands/registry.ts";
import {
  failedCommand,
  firstDifference,
  type History,
  loadWorkflow,
  parseHistory,
} from "../../src/workflow/index.ts";
import { sha256Hex } from "../workflow/scripted-host.ts";

function histories(): { file: string; history: History }[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".ndjson"))
    .map((file) => {
      const parsed = parseHistory(readFileSync(new URL(file, import.meta.url), "utf8"));
      if (!parsed.ok) throw new Error(`${file}: ${parsed.error.message}`);
      return { file, history: parsed.value };
    });
}

function differenceOf(history: History, change: (source: string) => string = (source) => source) {
  const { entry, files } = history.head.program;
  const changed = { ...files, [entry]: change(files[entry] ?? "") };
  const loaded = loadWorkflow({ entry, files: changed }, { name: "test", sha256Hex });
  if (!loaded.ok) throw new Error(loaded.error.message);
  return firstDifference(loaded.value, history, sha256Hex);
}

function golden(file: string): History {
  const found = histories().find((candidate) => candidate.file === file);
  if (!found) throw new Error(`no ${file}`);
  return found.history;
}

describe("golden histories", () => {
  test.each(histories())("$file replays to the same end", ({ history }) => {
    expect(differenceOf(history)).toBeUndefined();
  });

  test.each(histories())("$file replays from any record on", ({ history }) => {
    for (let length = 1; length < history.records.length; length++) {
      expect(differenceOf({ ...history, records: history.records.slice(0, length) })).toBeUndefined();
    }
  });

  test("have every kind of command between them", () => {
    const seen = new Set(
      histories().flatMap(({ history }) =>
        history.records.flatMap((record) => (record.type === "scheduled" ? [record.kind as string] : [])),
      ),
    );
    expect(commandKinds.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  test("have every kind of note between them", () => {
    const seen = new Set(
      histories().flatMap(({ history }) =>
        history.records.flatMap((record) => (record.type === "noted" ? [record.note as string] : [])),
      ),
    );
    expect(noteKinds.filter((note) => !seen.has(note))).toEqual([]);
  });
});

/** What is in these is the script's, a sender's or policy's: any JSON. */
const anything = new Set(["inputs", "input", "output", "value", "values", "ok", "match", "details"]);

/** The names of all members of a record, at every depth. */
function membersIn(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(membersIn);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    // `data` is a note's own, and inside of it whatever a signal or an event carries.
    ...(anything.has(name) ? [] : name === "data" ? ownMembers(inner) : membersIn(inner)),
  ]);
}

function ownMembers(data: JsonValue): string[] {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return [];
  const { data: _carried, ...own } = data;
  return ["data" in data ? ["data"] : [], membersIn(own)].flat();
}

describe("a failed run whose journal does not say which command it failed with", () => {
  test.each([
    ["a-failure-with-cleanup.ndjson", "0#1"],
    ["the-canary-denied.ndjson", "0#4"],
  ])("%s is restarted from the command that ended with its error", (file, command) => {
    const { records } = golden(file);
    expect((records.at(-1) as NotedRecord).data).not.toHaveProperty("command");
    expect(failedCommand(records)).toEqual({ ok: true, value: command });
  });
});

describe("docs/journal.md", () => {
  const rows = readFileSync(new URL("../../docs/journal.md", import.meta.url), "utf8")
    .split("\n")
    .flatMap((line) => /^\| (.+?) \|/.exec(line)?.[1] ?? []);
  const described = new Set(
    rows.flatMap((first) => [...first.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name)),
  );

  test("describes every kind of command and of note", () => {
    expect([...commandKinds, ...noteKinds].filter((name) => !described.has(name))).toEqual([]);
  });

  test("describes every member of the data that histories hold", () => {
    const text = readFileSync(new URL("../../docs/journal.md", import.meta.url), "utf8");
    const missing = new Set<string>();
    for (const { history } of histories()) {
      for (const record of history.records) {
        for (const member of membersIn(record as unknown as JsonValue))
          if (!text.includes(`\`${member}\``)) missing.add(member);
      }
    }
    expect([...missing]).toEqual([]);
  });
});

describe("a history on a program that was changed", () => {
  const canary = golden("the-canary-approved.ndjson");

  test("names the first call that differs, expected and got, each with its place", () => {
    const difference = differenceOf(canary, (source) => source.replace("minutes=30", "minutes=45"));
    expect(difference?.code).toBe("NonDeterminism");
    expect(difference?.message).toContain("the journal has sleep");
    expect(difference?.details).toMatchObject({
      expected: { command: "0#2", kind: "sleep", position: { line: 15 } },
      got: { command: "0#2", kind: "sleep", position: { line: 15 } },
    });
  });

  test("names a call that the history ends before", () => {
    const difference = differenceOf(canary, (source) =>
      source.replace(/\non_event/, "\n    w.sleep(hours=1)\n\non_event"),
    );
    expect(difference?.message).toContain("the end of the run here (succeeded), the script calls sleep");
  });

  test("names another end", () => {
    const difference = differenceOf(canary, (source) =>
      source.replace(/\non_event/, "\n    return 7\n\non_event"),
    );
    expect(difference?.code).toBe("DifferentEnd");
  });

  test("is no different for a change that changes no call", () => {
    expect(differenceOf(canary, (source) => `# a comment\n${source}`)).toBeUndefined();
  });
});

describe("a journal of a later version", () => {
  const { head, records } = golden("nothing-at-all.ndjson");
  const [started, finished] = records as [NotedRecord, NotedRecord];

  test.each<[string, unknown[], string]>([
    ["in another format", [{ ...started, data: { ...started.data, format: 2 } }], "is in format 2"],
    ["with a note that is new", [started, { ...finished, note: "moved" }], 'a note "moved"'],
    ["with a record that is new", [started, { ...finished, type: "moved" }], 'of type "moved"'],
    [
      "with a command that is new",
      [started, { seq: 2, at: 0, type: "scheduled", command: "0#1", kind: "move", name: "", args: {} }],
      'a command "move"',
    ],
  ])("%s is refused by name, not guessed", (_what, later, message) => {
    const difference = differenceOf({ head, records: later as JournalRecord[] });
    expect(difference).toMatchObject({
      code: "invalid_history",
      message: expect.stringContaining(message),
    });
  });
});

describe("a file that is no history is refused", () => {
  const text = readFileSync(new URL("nothing-at-all.ndjson", import.meta.url), "utf8");

  test.each([
    ["no JSON", "not json", "line 1 is no JSON"],
    ["without a head", text.split("\n").slice(1).join("\n"), "the first line is no head"],
    ["empty", "\n", "the file is empty"],
    ["of another format", text.replace('{"history":1', '{"history":2'), "in format 2, this version reads 1"],
    ["with a gap", text.replace('"seq":2', '"seq":3'), "the journal has a gap"],
    ["with a note of a later version", text.replace('"finished"', '"moved"'), 'has the note "moved"'],
    ["with a line that is no record", `${text}{"seq": 3}`, "line 4 is no record"],
  ])("%s", (_what, broken, message) => {
    const parsed = parseHistory(broken);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error.message).toContain(message);
  });
});
