import { expect, test } from "vitest";
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
