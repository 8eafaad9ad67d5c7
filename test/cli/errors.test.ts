import { describe, expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

test("who may not approve their own run is told how a second person comes about", async () => {
  const detail = "alice started the run and cannot approve its calls: ask somebody else";
  const body = { type: "/docs/errors#self_approval", title: "Not allowed", detail, code: "self_approval" };
  const { url } = await serverWith([{ status: 403, body: { ...body, status: 403 } }]);
  const told = await toldBy(["approval", "approve", "run_1~0-1~1", "--url", url, "--token", "t"]);
  expect(told.exitCode).toBe(1);
  expect(told.stderr).toContain(detail);
  expect(told.stderr).toContain("sluice token create --subject release-manager --role operator");
});

describe("a command that was called wrongly exits with 2 and the code usage", () => {
  const wrongly = async (url: string, ...args: string[]) => {
    const { exitCode, stderr } = await toldBy([...args, "--json", "--url", url, "--token", "t"]);
    return { exitCode, ...(JSON.parse(stderr) as { code: string; detail: string }) };
  };

  test("where one name is given to several workflows", async () => {
    const { url, asked } = await serverWith([]);
    const files = ["workflows/canary.star", "workflows/release.star"];
    expect(await wrongly(url, "workflow", "push", "--name", "x", ...files)).toMatchObject({
      exitCode: 2,
      code: "usage",
      detail: "--name goes with exactly one file",
    });
    expect(asked).toEqual([]);
  });

  test("where a lock to take away has several holders and none is named", async () => {
    const claim = (run: string) => ({ run, command: "0.1#1", workflow: "deploy", limit: 2, requestedAt: 1 });
    const lock = { key: "door", holders: [claim("run_1"), claim("run_2")], waiting: [], waitingCount: 0 };
    const { url, asked } = await serverWith([{ status: 200, body: lock }]);
    expect(await wrongly(url, "lock", "release", "door")).toMatchObject({
      exitCode: 2,
      code: "usage",
      detail: "2 hold door: say which with --run",
    });
    expect(asked).toHaveLength(1);
  });
});
