// What `sluice schedule` asks for and shows, and which of what a person asks for by hand can be asked for again.
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const PATH = "/v1/schedules/ops/nightly";
const answer = (body: object, status = 200) => ({ status, body });
const ask = (url: string, ...args: string[]) => toldBy([...args, "--url", url, "--token", "t"]);

function receipt(partial: Partial<EventReceipt>): EventReceipt {
  return {
    id: "ops/nightly/x",
    source: "/workspaces/default/schedules",
    type: "dev.sluice.schedule.fired",
    seq: 1,
    duplicate: false,
    started: [],
    woke: [],
    ...partial,
  };
}

describe("sluice schedule backfill", () => {
  const started = (run: string) => [{ run, workflow: "ops", trigger: "ops/nightly" }];
  const done = {
    fired: [{ time: Date.UTC(2026, 4, 2, 3), receipt: receipt({ started: started("run_2") }) }],
    before: [
      { time: Date.UTC(2026, 4, 1, 3), receipt: receipt({ duplicate: true, started: started("run_1") }) },
    ],
  };

  test("asks for a range, and tells what was fired for and what had been before", async () => {
    const { url, asked } = await serverWith([answer(done, 202), answer(done, 202)]);
    const args = ["schedule", "backfill", "ops/nightly", "--from", "2026-05-01T00:00Z"];
    const { stdout } = await ask(url, ...args, "--to", "2026-05-03T00:00Z");
    expect(stripVTControlCharacters(stdout).trimEnd().split("\n")).toEqual([
      "✓ ops/nightly fired for 1 of 2 times",
      "2026-05-02T03:00:00.000Z fired",
      "  started ops run_2",
      "2026-05-01T03:00:00.000Z had fired before",
      "  started ops run_1",
    ]);
    expect(JSON.parse((await ask(url, ...args, "--json")).stdout)).toEqual(done);
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      [`${PATH}/backfill`, { from: "2026-05-01T00:00:00.000Z", to: "2026-05-03T00:00:00.000Z" }],
      [`${PATH}/backfill`, { from: "2026-05-01T00:00:00.000Z" }],
    ]);
  });

  test("says that there was nothing to do", async () => {
    const { url } = await serverWith([answer({ fired: [], before: [] }, 202)]);
    const { stdout, exitCode } = await ask(url, "schedule", "backfill", "ops/nightly", "--from", "1h");
    expect([stdout, exitCode]).toEqual(["ops/nightly has no time in there\n", 0]);
  });

  test("asks for nothing without the beginning of the range", async () => {
    const { url, asked } = await serverWith([]);
    const { exitCode } = await ask(url, "schedule", "backfill", "ops/nightly");
    expect([exitCode, asked]).toEqual([2, []]);
  });
});

test("sluice schedule resume says why", async () => {
  const view = {
    id: "ops/nightly",
    workflow: "ops",
    timezone: "UTC",
    jitterMs: 0,
    backfill: "latest",
    next: [],
  };
  const { url, asked } = await serverWith([answer(view)]);
  await ask(url, "schedule", "resume", "ops/nightly", "--reason", "the holidays are over");
  expect(asked).toMatchObject([{ path: `${PATH}/resume`, body: { reason: "the holidays are over" } }]);
});

test("sluice schedule trigger says whether it has fired now or under the same key before", async () => {
  const { url, asked } = await serverWith([
    answer(receipt({}), 202),
    answer(receipt({ duplicate: true }), 202),
  ]);
  const first = await ask(url, "schedule", "trigger", "ops/nightly");
  const second = await ask(url, "schedule", "trigger", "ops/nightly", "--key", "k1");
  expect(stripVTControlCharacters(first.stdout)).toContain("✓ ops/nightly fired\n");
  expect(stripVTControlCharacters(second.stdout)).toContain("✓ ops/nightly had fired before\n");
  expect(asked.map(({ key }) => key)).toEqual([undefined, "k1"]);
});

test.each([
  ["fork", ["run", "fork", "run_1", "0#2"]],
  ["restart", ["run", "restart", "run_1"]],
  ["start", ["run", "start", "deploy"]],
  ["signal", ["run", "signal", "run_1", "go"]],
])("sluice run %s is asked for once under one key", async (_, args) => {
  const { url, asked } = await serverWith([answer({ id: "run_2", run: "run_2", state: "running" }, 202)]);
  const { stderr } = await ask(url, ...args, "--key", "once");
  expect(stderr).toBe("");
  expect(asked.map(({ key }) => key)).toEqual(["once"]);
});
