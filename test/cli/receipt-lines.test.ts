import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { receiptLines } from "../../cli/receipt-lines.ts";

it("what an event did ends each list that the server has cut with how many more there were", () => {
  const lines = receiptLines({
    ...{ id: "1", source: "/s", type: "t", seq: 1, duplicate: false },
    started: [{ run: "run_1", workflow: "canary", trigger: "canary/deploy" }],
    queued: [{ run: "run_2", workflow: "audit", trigger: "audit/all", state: "limited", reason: "waits" }],
    woke: [{ run: "run_3", command: "0#1" }],
    more: { started: 1, queued: 2, woke: 3000 },
  });
  expect(lines.map(stripVTControlCharacters)).toEqual([
    "  started canary run_1",
    "  started 1 more",
    "  limited audit run_2: waits",
    "  queued 2 more",
    "  woke run_3",
    "  woke 3000 more",
  ]);
});
