// What one turn of a run answers by itself, and what it leaves for after the commit. With the real engine.
import { expect, test } from "vitest";
import { sha256 } from "../../durable-objects/sha256.ts";
import { type AtOnce, answerAtOnce } from "../../durable-objects/workflow-run/answers-at-once.ts";
import { loadMachine } from "../../durable-objects/workflow-run/engine.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { startOf } from "./run-fixture.ts";

const moment = { now: 1000, entropy: () => new Uint8Array(16) };
const yes: AtOnce = {
  moment,
  decide: () => ({
    decision: { verdict: "execute", reasons: [], bundle: "b" },
    environment: null,
    trustScore: 0,
    input: {},
  }),
  perform: ({ inputs }) => ({ outcome: { ok: {} }, log: [String(inputs.message)] }),
};

/** The first turn of a handler with this body. */
function firstTurn(body: string, host: AtOnce) {
  const start = startOf(`def main(w, ev):\n${body}\non_event(type = "go", handler = main)\n`);
  const load = (records: JournalRecord[]) =>
    loadMachine(start.program, { start, records, sha256Hex: sha256 });
  const machine = load([]);
  const changes = machine.handle({ type: "start" }, moment);
  answerAtOnce(machine, changes, host);
  return { changes, machine, load };
}

const loop = (times: number, also = "pass") => `
    for i in range(${times}):
        ${also}
        w.run(step = "builtin://log", inputs = {"message": str(i)})
    return "over"
`;

test("a loop of calls that need nobody else is one turn, which leaves nothing behind but its records and lines", () => {
  const { changes, machine, load } = firstTurn(loop(50), yes);
  expect(changes.finished).toMatchObject({ state: "succeeded" });
  expect(changes.log.map(({ command, text }) => `${command} ${text}`)).toEqual(
    Array.from({ length: 50 }, (_, i) => `0#${i + 1} ${i}`),
  );
  expect([...changes.timers.values()].filter((timer) => timer !== null)).toEqual([]);
  expect(changes.effects.map(({ kind }) => kind)).toEqual(["emit", "emit"]);
  expect(changes.records.map(({ seq }) => seq)).toEqual(changes.records.map((_, i) => i + 1));
  expect(load(changes.records).summary()).toEqual(machine.summary());
});

test("what somebody else must be asked about is left, in its order", () => {
  const { changes } = firstTurn(loop(3), { ...yes, decide: () => undefined });
  expect(changes.effects.map(({ kind }) => kind)).toEqual(["decide", "emit"]);
  const outside = firstTurn(loop(3), { ...yes, perform: () => undefined }).changes;
  expect(outside.effects.map(({ kind }) => kind)).toEqual(["emit", "call_builtin"]);
  expect([...outside.timers.values()]).toMatchObject([{ kind: "attempt_timeout" }]);
});

test.each([
  ["calls", loop(3000), 900, 1100],
  ["computing", loop(3000, "[n for n in range(100000)]"), 1, 100],
  ["inputs", loop(3000, 'w.run(step = "builtin://log", inputs = {"message": "x" * 100000})'), 5, 30],
])("a turn ends within bounds of its %s, and the next goes on", (_, body, least, most) => {
  const { changes, machine } = firstTurn(body, yes);
  const ended = changes.records.filter(({ type }) => type === "completed").length;
  expect(ended).toBeGreaterThanOrEqual(least);
  expect(ended).toBeLessThanOrEqual(most);
  const waiting = changes.effects.find(({ kind }) => kind === "decide" || kind === "call_builtin");
  expect(waiting).toBeDefined();
  expect([...machine.pendingEffects()]).toEqual([waiting]);
});

test("the loser of a race has no effect", () => {
  const { changes } = firstTurn(
    `
    def first():
        return w.run(step = "builtin://log", inputs = {"message": "a"})
    def second():
        return w.run(step = "builtin://log", inputs = {"message": "b"})
    w.race([first, second])
`,
    yes,
  );
  expect(changes.finished).toMatchObject({ state: "succeeded" });
  expect(changes.log.map(({ text }) => text)).toEqual(["a"]);
});
