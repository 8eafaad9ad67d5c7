// What `sluice workflow versions`, `rollback` and `delete` ask for and show.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const workflow = (url: string, ...args: string[]) =>
  toldBy(["workflow", ...args, "--url", url, "--token", "t"]);
const asks = (asked: { method: string; path: string }[]) => asked.map(({ method, path }) => [method, path]);

test("sluice workflow versions tells removals from programs", async () => {
  const at = Date.now() - 3600_000;
  const { url } = await serverWith([
    {
      status: 200,
      body: {
        versions: [
          { version: 2, by: "olga", at },
          { version: 1, digest: "0123456789abcdef", by: "olga", at },
        ],
      },
    },
  ]);
  const { stdout } = await workflow(url, "versions", "deploy");
  expect(stripVTControlCharacters(stdout).trimEnd().split("\n").slice(1)).toEqual([
    "2        removed       olga  1 h ago",
    "1        0123456789ab  olga  1 h ago",
  ]);
});

test("sluice workflow rollback registers the whole program of an earlier version again", async () => {
  const program = { digest: "d", entry: "deploy.star", files: { "deploy.star": "", "sluice.lock": "" } };
  const { url, asked } = await serverWith([
    { status: 200, body: { version: 3, digest: "d", by: "olga", at: 1, program } },
    { status: 200, body: { name: "deploy", version: 8 } },
  ]);
  const { stdout } = await workflow(url, "rollback", "deploy", "3");
  expect(stripVTControlCharacters(stdout)).toBe("✓ deploy version 8 is version 3 again\n");
  expect(asks(asked)).toEqual([
    ["GET", "/v1/workflows/deploy/versions/3"],
    ["PUT", "/v1/workflows/deploy"],
  ]);
  expect(asked[1]?.body).toEqual({ entry: program.entry, files: program.files });
});

test("sluice workflow rollback registers nothing where that version has no program", async () => {
  const problem = { type: "/x", title: "x", status: 404, detail: "it was removed", code: "unknown_version" };
  const { url, asked } = await serverWith([{ status: 404, body: problem }]);
  const { stderr, exitCode } = await workflow(url, "rollback", "deploy", "3", "--json");
  expect([JSON.parse(stderr).code, exitCode, asked.length]).toEqual(["unknown_version", 1, 1]);
});

test("sluice workflow delete removes a workflow by its name", async () => {
  const { url, asked } = await serverWith([{ status: 200, body: {} }]);
  const { stdout } = await workflow(url, "delete", "deploy", "--json");
  expect(JSON.parse(stdout)).toEqual({ name: "deploy", deleted: true });
  expect(asks(asked)).toEqual([["DELETE", "/v1/workflows/deploy"]]);
});
