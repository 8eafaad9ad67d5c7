// The journal on disk: what a version has stored, every later version reads, to the letter.
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastSeqOf, recordsOf, rowsOf } from "../../durable-objects/workflow-run/journal-row.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { MAX_ROW_BYTES } from "../../src/storage/row-size.ts";
import { parseHistory } from "../../src/workflow/index.ts";

const digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const position = { file: "a.star", line: 2, column: 9 };
const uuid = { kind: "uuid", name: "", digest, args: {}, position } as const;

function decisionAbout(inputs: { message: string }, at: number) {
  return {
    round: 1,
    verdict: "execute",
    reasons: ["no environment governs this call"],
    bundle: digest,
    environment: null,
    trustScore: 1,
    input: {
      function: { reference: "f@v1", name: "f", version: "v1", inputs, trust_score: 1 },
      environment: null,
      caller: { workflow: "canary", digest, initiator: "alice", run: "run_1" },
      approvals: [],
      time: new Date(at).toISOString(),
    },
  };
}

function goldenRecords(): [file: string, records: JournalRecord[]][] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".ndjson"))
    .map((file) => {
      const parsed = parseHistory(readFileSync(new URL(file, import.meta.url), "utf8"));
      if (!parsed.ok) throw new Error(`${file}: ${parsed.error.message}`);
      return [file, parsed.value.records];
    });
}

/** As JSON: whoever reads a record sees the same text, members in the same order. */
function asStored(commits: readonly (readonly JournalRecord[])[]): string[] {
  return commits
    .flatMap(rowsOf)
    .flatMap(recordsOf)
    .map((record) => JSON.stringify(record));
}

const texts = (records: readonly JournalRecord[]) => records.map((record) => JSON.stringify(record));

describe("a row", () => {
  test.each(goldenRecords())("holds %s to the letter, in commits of any size", (_, records) => {
    for (let size = 1; size <= records.length; size = size < 8 ? size + 1 : size * 2) {
      const commits = Array.from({ length: Math.ceil(records.length / size) }, (_, n) =>
        records.slice(n * size, (n + 1) * size),
      );
      expect(asStored(commits)).toEqual(texts(records));
    }
  });

  test("that is full leaves a large call to the next, which alone holds it", () => {
    const large = { at: 1, type: "scheduled", ...uuid, args: { text: "x".repeat(100_000) } } as const;
    const records = [
      { seq: 1, at: 1, type: "scheduled", command: "0#1", ...uuid },
      { seq: 2, command: "0#2", ...large },
      { seq: 3, command: "0#3", ...large },
    ] as JournalRecord[];
    const rows = rowsOf(records);
    expect(rows.flatMap(recordsOf)).toEqual(records);
    expect(rows.reduce((length, { text }) => length + text.length, 0)).toBeLessThan(250_000);
    expect(rows[0]?.text.length).toBeLessThan(1000);
  });

  test("holds whatever a record says: members of later versions, errors, times that go backwards", () => {
    const command = fc.constantFrom("0#1", "0#2", "0.1#1");
    const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)));
    const data = fc.dictionary(fc.string({ maxLength: 9 }), json, { maxKeys: 3 });
    const at = fc.integer({ min: 0, max: 3 }).map((ms) => 1_764_000_000_000 + ms);
    const extra = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, fc.constant({ later: 1, value: null }));
    const call = fc.record({
      kind: fc.constantFrom("uuid", "run"),
      name: fc.constantFrom("", "a\nb"),
      digest: fc.constantFrom(digest, digest.replace("4", "5")),
      args: fc.oneof(fc.constantFrom({}, { n: 1 }, { n: 2 }), data),
      position: fc.constantFrom(position, { ...position, line: 3 }),
    });
    const body = fc.oneof(
      fc
        .tuple(command, call, extra)
        .map(([c, rest, more]) => ({ type: "scheduled", command: c, ...rest, ...more })),
      fc
        .tuple(
          command,
          fc.oneof(
            fc.record({ ok: json }),
            fc.record({ error: fc.record({ code: fc.string(), message: fc.string() }) }),
          ),
          extra,
        )
        .map(([c, outcome, more]) => ({ type: "completed", command: c, outcome, ...more })),
      fc
        .tuple(fc.option(command, { nil: undefined }), fc.constantFrom("signalled", "operator"), data, extra)
        .map(([c, note, about, more]) => ({
          type: "noted",
          ...(c ? { command: c } : {}),
          note,
          data: about,
          ...more,
        })),
    );
    const commits = fc.array(fc.array(fc.tuple(at, body), { maxLength: 9 }), { maxLength: 4 });
    fc.assert(
      fc.property(commits, (drawn) => {
        let seq = 0;
        const made = drawn.map((commit) =>
          commit.map(([when, rest]) => ({ seq: ++seq, at: when, ...rest }) as unknown as JournalRecord),
        );
        expect(asStored(made).map((text) => JSON.parse(text))).toEqual(
          JSON.parse(JSON.stringify(made.flat())),
        );
        for (const commit of made) {
          const row = rowsOf(commit).at(-1);
          if (row) expect(lastSeqOf(row)).toBe(commit.at(-1)?.seq);
        }
      }),
    );
  });

  test("holds decisions of policy to the letter, whatever they have in common", () => {
    const time = (ms: number) => new Date(1_764_000_000_000 + ms).toISOString();
    const inputs = fc.constantFrom({}, { n: 1 }, { a: 1, b: 2 }, { b: 2, a: 1 });
    const few = <T>(...values: T[]) => fc.constantFrom(...values);
    const decision = fc
      .record({
        verdict: few("execute", "hold"),
        reasons: few([], ["why"]),
        environment: few(null, "production"),
        about: few({ labels: { a: 1, b: 2 } }, { labels: { b: 2, a: 1 } }, null),
        name: few("f", "g"),
        inputs,
        caller: few({ run: "run_1" }, { run: "run_1", later: true }),
        approvals: few([], [{ by: "bob" }]),
        time: few(time(0), time(1), "2026"),
        function: few({}, { later: 1 }),
        input: few({}, { later: 1 }),
        data: few({}, { later: 1 }),
      })
      .map(({ verdict, reasons, environment, about, name, caller, approvals, ...of }) => ({
        round: 1,
        verdict,
        reasons,
        bundle: "b",
        environment,
        trustScore: 1,
        input: {
          function: {
            reference: name,
            name,
            version: null,
            inputs: of.inputs,
            trust_score: 1,
            ...of.function,
          },
          environment: about,
          caller,
          approvals,
          time: of.time,
          ...of.input,
        },
        ...of.data,
      }));
    const command = few("0#1", "0#2", "0#3");
    const noted = (note: string, data: fc.Arbitrary<object>) =>
      fc.tuple(command, data).map(([c, about]) => ({ type: "noted", command: c, note, data: about }));
    const body = fc.oneof(
      fc.tuple(command, inputs).map(([c, given]) => ({
        type: "scheduled",
        command: c,
        kind: "run",
        name: "f",
        // As real ones: the order of keys makes no difference.
        digest: JSON.stringify(Object.entries(given).sort()),
        args: { inputs: given },
        position,
      })),
      { weight: 3, arbitrary: noted("policy_decision", decision) },
      noted("policy_decision", few({}, { input: null }, { input: { function: [] } })),
      noted("attempt_started", few({ attempt: 1, as: "job" }, { as: "job", attempt: 1 })),
      command.map((c) => ({ type: "completed", command: c, outcome: { ok: {} } })),
    );
    const commits = fc.array(fc.array(fc.tuple(few(0, 1), body), { maxLength: 12 }), { maxLength: 3 });
    fc.assert(
      fc.property(commits, (drawn) => {
        let seq = 0;
        const made = drawn.map((commit) =>
          commit.map(
            ([ms, rest]) => ({ seq: ++seq, at: 1_764_000_000_000 + ms, ...rest }) as unknown as JournalRecord,
          ),
        );
        expect(asStored(made)).toEqual(texts(made.flat()));
      }),
      { numRuns: 500 },
    );
  });

  test("says once what policy was asked about all calls of a function", () => {
    const at = 1_764_000_000_000;
    const loop = (turns: number) => {
      const records = Array.from({ length: turns }, (_, n): JournalRecord[] => {
        const inputs = { message: `line ${n}` };
        const noted = { at, type: "noted", command: `0#${n + 1}` as never } as const;
        return [
          { ...uuid, seq: 4 * n + 1, at, type: "scheduled", command: noted.command, args: { inputs } },
          { ...noted, seq: 4 * n + 2, note: "policy_decision", data: decisionAbout(inputs, at) },
          { ...noted, seq: 4 * n + 3, note: "attempt_started", data: { attempt: 1, as: "builtin" } },
          { seq: 4 * n + 4, at, type: "completed", command: noted.command, outcome: { ok: {} } },
        ];
      }).flat();
      return rowsOf(records).reduce((sum, { text }) => sum + text.length, 0);
    };
    const call = JSON.stringify({ ...uuid, args: { inputs: { message: "line 100" } } }).length;
    expect((loop(1000) - loop(1)) / 999).toBeLessThan(call + 120);
  });

  test("says once what a loop says at each turn", () => {
    const loop = (turns: number) => {
      const records = Array.from({ length: turns }, (_, n): JournalRecord[] => [
        { seq: 2 * n + 1, at: 1, type: "scheduled", command: `0#${n + 1}` as never, ...uuid },
        { seq: 2 * n + 2, at: 1, type: "completed", command: `0#${n + 1}` as never, outcome: { ok: "x" } },
      ]).flat();
      return rowsOf(records).reduce((sum, { text }) => sum + text.length, 0);
    };
    expect((loop(1000) - loop(1)) / 999).toBeLessThan(20);
  });

  test("never holds more than the platform stores, whatever comes together", () => {
    const large = "x".repeat(1024 * 1024);
    const args = (n: number) => ({ large, n });
    const records = Array.from({ length: 4 }, (_, n): JournalRecord[] => [
      { seq: 2 * n + 1, at: 1, type: "scheduled", command: `0#${n + 1}` as never, ...uuid, args: args(n) },
      { seq: 2 * n + 2, at: 1, type: "completed", command: `0#${n + 1}` as never, outcome: { ok: large } },
    ]).flat();
    const rows = rowsOf(records);
    expect(Math.max(...rows.map(({ text }) => text.length))).toBeLessThan(MAX_ROW_BYTES);
    expect(rows.flatMap(recordsOf)).toEqual(records);
  });
});

describe("rows that were stored before", () => {
  const records: JournalRecord[] = [
    { seq: 5, at: 100, type: "scheduled", command: "0#2" as never, ...uuid },
    { seq: 6, at: 100, type: "completed", command: "0#2" as never, outcome: { ok: "4f" } },
    { seq: 7, at: 100, type: "scheduled", command: "0#3" as never, ...uuid, kind: "now" },
    { seq: 8, at: 250, type: "completed", command: "0#3" as never, outcome: { ok: 250 } },
    { seq: 9, at: 250, type: "noted", note: "operator", data: { action: "pause" } },
    { seq: 10, at: 250, type: "noted", command: "0#3" as never, note: "child_started", data: {} },
    { seq: 11, at: 240, type: "completed", command: "0#1" as never, outcome: { ok: null }, arrival: 7 },
  ];

  test("as arrays of records are read as they are", () => {
    const row = { seq: 5, text: JSON.stringify(records) };
    expect(recordsOf(row)).toEqual(records);
    expect(lastSeqOf(row)).toBe(11);
  });

  test("as entries are read, and still written the same", () => {
    const call = (kind: string) =>
      `{"kind":"${kind}","name":"","digest":"${digest}","args":{},"position":{"file":"a.star","line":2,"column":9}}`;
    const text = `{"n":7,"at":100,"calls":[${call("uuid")},${call("now")}],"entries":[[0,"0#2","4f"],[1,"0#3"],150,["0#3",250],["operator","",{"action":"pause"}],["child_started","0#3",{}],-10,{"type":"completed","command":"0#1","outcome":{"ok":null},"arrival":7}]}`;
    expect(recordsOf({ seq: 5, text })).toEqual(records);
    expect(lastSeqOf({ seq: 5, text })).toBe(11);
    expect(rowsOf(records)).toEqual([{ seq: 5, text }]);
  });

  test("with notes that are said once are read, and still written the same", () => {
    const at = 1_764_000_000_000;
    const inputs = { message: "hello" };
    const noted = { at, type: "noted", command: "0#2" as never } as const;
    const args = { inputs };
    const made: JournalRecord[] = [
      { seq: 5, at, type: "scheduled", command: noted.command, ...uuid, kind: "run", name: "f@v1", args },
      { seq: 6, ...noted, note: "policy_decision", data: decisionAbout(inputs, at) },
      { seq: 7, ...noted, note: "attempt_started", data: { attempt: 1, as: "job" } },
      { seq: 8, ...noted, command: "0#1" as never, note: "policy_decision", data: decisionAbout(inputs, 0) },
    ];
    const call = `{"kind":"run","name":"f@v1","digest":"${digest}","args":{"inputs":{"message":"hello"}},"position":{"file":"a.star","line":2,"column":9}}`;
    const decision = `{"round":1,"verdict":"execute","reasons":["no environment governs this call"],"bundle":"${digest}","environment":null,"trustScore":1,"input":{"function":{"reference":"f@v1","name":"f","version":"v1","trust_score":1},"environment":null,"caller":{"workflow":"canary","digest":"${digest}","initiator":"alice","run":"run_1"},"approvals":[]}}`;
    const text = `{"n":4,"at":${at},"calls":[${call}],"notes":[${decision},{"attempt":1,"as":"job"}],"entries":[[0,"0#2"],["policy_decision","0#2",0,0],["attempt_started","0#2",1],["policy_decision","0#1",0,{"message":"hello"},"1970-01-01T00:00:00.000Z"]]}`;
    expect(recordsOf({ seq: 5, text }).map((record) => JSON.stringify(record))).toEqual(texts(made));
    expect(rowsOf(made)).toEqual([{ seq: 5, text }]);
  });
});
