// What commands that list things ask for, and what they show of it.
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const page = (body: object) => ({ status: 200, body });
const list = (url: string, ...args: string[]) => toldBy([...args, "--url", url, "--token", "t"]);

describe("a list that is read by pages", () => {
  test.each([
    ["form", "forms", "/v1/forms?state=pending&", "cursor"],
    ["approval", "approvals", "/v1/approvals?state=pending&", "cursor"],
    ["queue", "queue", "/v1/queue?all=false&", "cursor"],
    ["run", "runs", "/v1/runs?", "cursor"],
    ["event", "events", "/v1/events?", "before"],
    ["audit", "entries", "/v1/audit?", "before"],
  ])("of %s asks for as many as are wanted, and no more", async (command, member, path, after) => {
    const items = (count: number, from = 0) => Array.from({ length: count }, (_, n) => ({ id: from + n }));
    const { url, asked } = await serverWith([
      page({ [member]: items(200), next: "second" }),
      page({ [member]: items(50, 200), next: "third" }),
    ]);
    const { stdout, stderr } = await list(url, command, "list", "--limit", "250", "--json");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(items(250));
    expect(asked.map((one) => one.path)).toEqual([`${path}limit=200`, `${path}limit=50&${after}=second`]);
  });

  test("ends where there is no more", async () => {
    const { url, asked } = await serverWith([page({ forms: [] })]);
    expect((await list(url, "form", "list", "--all", "--json")).stdout.trim()).toBe("[]");
    expect(asked.map(({ path }) => path)).toEqual(["/v1/forms?limit=100"]);
  });
});

test("a workflow's versions are read by pages", async () => {
  const versions = (count: number, first: number) =>
    Array.from({ length: count }, (_, n) => ({ version: first - n, by: "olga", at: 1 }));
  const { url, asked } = await serverWith([
    page({ versions: versions(200, 300), next: 101 }),
    page({ versions: versions(10, 100) }),
  ]);
  const { stdout } = await list(url, "workflow", "versions", "deploy", "--limit", "250", "--json");
  expect(JSON.parse(stdout)).toHaveLength(210);
  expect(asked.map(({ path }) => path)).toEqual([
    "/v1/workflows/deploy/versions?limit=200",
    "/v1/workflows/deploy/versions?limit=50&before=101",
  ]);
});

test("sluice audit list shows who did what to what, and why", async () => {
  const entry = { at: Date.UTC(2026, 4, 1), by: "olga", action: "run.cancel", subject: "run_1" };
  const { url } = await serverWith([
    page({
      entries: [
        { ...entry, data: { reason: "wrong\u001b[2Jversion", terminate: true } },
        { ...entry, action: "schedule.trigger", subject: "ops/nightly", data: { reason: "" } },
      ],
    }),
  ]);
  const lines = stripVTControlCharacters((await list(url, "audit", "list")).stdout)
    .trimEnd()
    .split("\n");
  expect(lines.slice(1)).toEqual([
    "2026-05-01T00:00:00.000Z  olga  run.cancel        run_1        reason=wrongversion, terminate=true",
    "2026-05-01T00:00:00.000Z  olga  schedule.trigger  ops/nightly",
  ]);
});

test("sluice lock list names who holds a lock and who waits for it next, so that a circle of them can be followed", async () => {
  const claim = (run: string) => ({ run, command: "0.1#1", workflow: "deploy", limit: 1, requestedAt: 1 });
  const lock = (key: string, holder: string, ...waiting: string[]) => ({
    key,
    holders: [{ ...claim(holder), grantedAt: 1 }],
    waiting: waiting.map(claim),
    waitingCount: waiting.length,
    version: 1,
  });
  const { url } = await serverWith([
    page({ locks: [lock("a", "run_1", "run_2"), lock("b", "run_2", "run_1", "run_3", "run_4", "run_5")] }),
  ]);
  const lines = stripVTControlCharacters((await list(url, "lock", "list")).stdout).split("\n");
  expect(lines[1]).toMatch(/^a +deploy run_1 +deploy run_2 *$/);
  expect(lines[2]).toMatch(/^b +deploy run_2 +deploy run_1, deploy run_3, deploy run_4 and 1 more *$/);
});
