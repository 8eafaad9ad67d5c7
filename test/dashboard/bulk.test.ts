import fc from "fast-check";
import { expect, test } from "vitest";
import type { Run } from "../../dashboard/src/api/client.ts";
import { conditionsOf, isEveryRun, statesToAsk, whyNot } from "../../dashboard/src/views/runs/bulk.ts";
import { bulkActions } from "../../src/protocol/bulk-action.ts";
import { runStates } from "../../src/protocol/run-states.ts";

const action = fc.constantFrom(...bulkActions);
const run = fc.record(
  {
    state: fc.constantFrom(...runStates),
    paused: fc.constant({ by: "ann", reason: "", at: 1 }),
    parent: fc.constant({ run: "run_1", command: "0#1" }),
  },
  { requiredKeys: ["state"] },
) as unknown as fc.Arbitrary<Run>;

test("what is not read for an operation would have been left out of it", () => {
  fc.assert(
    fc.property(action, run, (verb, one) => {
      if (!statesToAsk(verb, {}).includes(one.state)) expect(whyNot(verb, one)).toBeDefined();
    }),
  );
});

test("states that a filter names are the only ones that are read", () => {
  fc.assert(
    fc.property(action, fc.subarray([...runStates], { minLength: 1 }), (verb, state) => {
      for (const read of statesToAsk(verb, { state })) expect(state).toContain(read);
    }),
  );
});

test("every condition of a filter is said, and a filter without one is every run", () => {
  const filter = {
    state: ["failed", "stuck"] as Run["state"][],
    workflow: "canary",
    label: "region=eu",
    text: "prod",
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-02-01T00:00:00.000Z",
  };
  expect(conditionsOf(filter, (iso) => iso.slice(0, 10))).toEqual([
    "failed or stuck",
    "found by “prod”",
    "workflow canary",
    "label region=eu",
    "begun from 2026-01-01",
    "begun before 2026-02-01",
  ]);
  expect([isEveryRun({ filter }), isEveryRun({ filter: {} }), isEveryRun({ picked: [] })]).toEqual([
    false,
    true,
    false,
  ]);
});
