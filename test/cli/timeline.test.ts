import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { duration, printable, table } from "../../cli/output.ts";
import { renderTimeline } from "../../cli/timeline.ts";
import type { Activity, RunDetail } from "../../src/protocol/run.ts";

const position = { file: "canary.star", line: 1, column: 1 };

function activity(partial: Partial<Activity>): Activity {
  return {
    command: "0#1",
    fiber: "0",
    kind: "run",
    name: "gitlab.com/cd/reconcile@v1",
    state: "succeeded",
    scheduledAt: 0,
    position,
    ...partial,
  };
}

function run(partial: Partial<RunDetail>): RunDetail {
  return {
    id: "run_0123456789abcdef0123456789abcdef",
    workflow: "canary",
    digest: "d",
    trigger: "canary/canary_to_production",
    initiator: "github:octocat",
    event: { id: "1", source: "/me", type: "com.gitlab.cd.deploy_requested" },
    state: "waiting",
    waitingFor: "",
    environments: [],
    createdAt: 0,
    updatedAt: 0,
    commands: 1,
    version: 1,
    activities: [],
    ...partial,
  };
}

const draw = (detail: RunDetail, now: number, width = 100) =>
  stripVTControlCharacters(renderTimeline(detail, now, width));

describe("the timeline of a run", () => {
  test("names commands by their ids where it is asked to", () => {
    const detail = run({
      activities: [activity({}), activity({ command: "0.12#1", fiber: "0.12", kind: "sleep", name: "" })],
    });
    const rows = stripVTControlCharacters(renderTimeline(detail, 10, 100, { showsIds: true })).split("\n");
    expect(rows.slice(1).map((row) => row.split("│")[0]?.trimEnd())).toEqual([
      "  ✓ 0#1     reconcile@v1",
      "  ✓ 0.12#1    sleep",
    ]);
    expect(draw(detail, 10)).not.toContain("0#1");
  });

  test("says where the run comes from, and what goes on in its place", () => {
    const picture = draw(
      run({
        state: "succeeded",
        imported: { by: "olivia", at: 0 },
        restoredAt: 2000,
        parent: { run: "run_1", command: "0#2" },
        continues: { run: "run_2", how: "forked" },
        continuedAs: "run_3",
      }),
      5000,
    );
    expect(picture.split("\n").slice(1)).toEqual([
      "  imported by olivia 5.0 s ago",
      "  brought back from the archive 3.0 s ago",
      "  started by run_1, command 0#2",
      "  forked from run_2",
      "  goes on as run_3",
    ]);
  });

  test("shows each activity on one time axis, idle light and work solid", () => {
    const picture = draw(
      run({
        waitingFor: "held by policy: production needs approval, trust 0.62",
        activities: [
          activity({ inputs: { app: "shop-canary" }, scheduledAt: 0, startedAt: 1000, finishedAt: 4000 }),
          activity({
            command: "0#2",
            kind: "sleep",
            name: "",
            state: "succeeded",
            scheduledAt: 4000,
            finishedAt: 8000,
          }),
          activity({
            command: "0#3",
            inputs: { app: "shop-production" },
            state: "held",
            approval: "A~0-3~1",
            scheduledAt: 8000,
          }),
        ],
      }),
      10_000,
    );
    expect(picture).toMatchInlineSnapshot(`
      "canary  waiting: held by policy: production needs appro…  10 s  run_0123456789abcdef0123456789abcdef
        ✓ reconcile@v1 shop-canary     │░░░░░███████████████                              │ 4.0 s
        ✓ sleep                        │                    ░░░░░░░░░░░░░░░░░░░░          │ 4.0 s
        ‖ reconcile@v1 shop-production │                                        ░░░░░░░░░░│ held by policy
          to approve: npx sluice approval approve A~0-3~1"
    `);
  });

  test("indents what fibers do by how deep they were started", () => {
    const at = { finishedAt: 2000, inputs: { app: "shop" } };
    const fibers = ["0", "0.2", "0.2.1", "0.1.1.1.1.1.1"];
    const activities = fibers.map((fiber) => activity({ ...at, fiber, command: `${fiber}#1` }));
    const lines = draw(run({ activities }), 2000).split("\n").slice(1);
    expect(lines.map((line) => line.indexOf("reconcile"))).toEqual([4, 6, 8, 12]);
  });

  test("says what was done by hand, by whom and why", () => {
    const operated = { action: "skip", by: "ann", reason: "no runner" };
    const lines = draw(run({ activities: [activity({ finishedAt: 2000, operated })] }), 2000).split("\n");
    expect(lines[2]).toBe("    skip by ann: no runner");
  });

  test("never draws wider than the terminal", () => {
    const wide = run({
      state: "failed",
      error: { code: "FunctionFailed", message: "x" },
      activities: [
        activity({ inputs: { app: "a-service-with-a-very-long-name-indeed".repeat(5) }, finishedAt: 5000 }),
        activity({
          command: "0#2",
          state: "failed",
          error: { code: "FunctionFailed", message: "m".repeat(500) },
          finishedAt: 5000,
        }),
      ],
    });
    for (const width of [60, 80, 120]) {
      for (const line of draw(wide, 6000, width).split("\n").slice(1))
        expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test("keeps what outsiders wrote from steering the terminal", () => {
    const hostile = run({ activities: [activity({ inputs: { app: "\u001b]0;owned\u0007\u001b[2Jx" } })] });
    const raw = renderTimeline(hostile, 10, 100);
    expect(raw).not.toContain("\u001b]");
    expect(raw).not.toContain("\u001b[2J");
    expect(printable("a\u0000b\rc")).toBe("a�b�c");
  });
});

describe("durations", () => {
  test.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [3200, "3.2 s"],
    [45_000, "45 s"],
    [29 * 60_000 + 3000, "29 min 3 s"],
    [2 * 3_600_000 + 5 * 60_000, "2 h 5 min"],
    [76 * 3_600_000, "3 d 4 h"],
  ])("%i ms reads %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

test("a table without rows says what to do instead", () => {
  expect(table(["A"], [], "Nothing yet.")).toBe("Nothing yet.");
});
