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
