// What `sluice run bulk` says and asks for, against a server that answers as it is told.
import { describe, expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const bulk = (url: string, ...args: string[]) =>
  toldBy(["run", "bulk", ...args, "--url", url, "--token", "t", "--json"]);

describe("sluice run bulk", () => {
  test.each([
    ["text that is empty", ["--text", ""], "no word"],
    ["text without a word", ["--text", "---", "--dry-run"], "no word"],
    ["too many words", ["--text", "a b c d e f g h i j k", "--workflow", "deploy"], "more than 10 words"],
    ["no filter", [], "--all"],
  ])("asks the server nothing where a filter would find every run: %s", async (_, args, message) => {
    const { url, asked } = await serverWith([]);
    const { stdout, stderr, exitCode } = await bulk(url, "terminate", ...args);
    expect({ stdout, exitCode, code: JSON.parse(stderr).code }).toEqual({
      stdout: "",
      exitCode: 2,
      code: "usage",
    });
    expect(stderr).toContain(message);
    expect(asked).toEqual([]);
  });

  test("asks for every run on each page where it is told to", async () => {
    const none = { done: [], refused: [] };
    const { url, asked } = await serverWith([
      { status: 200, body: { ...none, next: "second" } },
      { status: 200, body: none },
    ]);
    expect((await bulk(url, "cancel", "--all")).stderr).toBe("");
    expect(asked.map(({ body: { filter, all, cursor } }) => ({ filter, all, cursor }))).toEqual([
      { filter: {}, all: true, cursor: undefined },
      { filter: {}, all: true, cursor: "second" },
    ]);
  });

  test("asks for runs that are named, each once and a hundred at a time, and names those that refuse", async () => {
    const runs = Array.from({ length: 101 }, (_, n) => `run_${n}`);
    const refusal = { id: "run_100", code: "run_finished", detail: "it is over" };
    const { url, asked } = await serverWith([
      { status: 200, body: { done: runs.slice(0, 100), refused: [] } },
      { status: 200, body: { done: [], refused: [refusal] } },
    ]);
    const { stdout, exitCode } = await bulk(url, "pause", ...runs, "run_0", "--reason", "wait");
    expect(asked.map(({ body }) => body)).toEqual([
      { action: "pause", program: "same", reason: "wait", runs: runs.slice(0, 100) },
      { action: "pause", program: "same", reason: "wait", runs: ["run_100"] },
    ]);
    expect(JSON.parse(stdout)).toEqual({ done: runs.slice(0, 100), refused: [refusal] });
    expect(exitCode).toBe(1);
  });

  test.each([
    ["a filter", ["--workflow", "deploy"]],
    ["every run", ["--all"]],
    ["a look at what a filter finds", ["--dry-run"]],
  ])("does not take runs that are named together with %s", async (_, args) => {
    const { url, asked } = await serverWith([]);
    const { stderr, exitCode } = await bulk(url, "cancel", "run_1", ...args);
    expect({ exitCode, code: JSON.parse(stderr).code }).toEqual({ exitCode: 2, code: "usage" });
    expect(stderr).toContain("instead of a filter");
    expect(asked).toEqual([]);
  });

  test("tells what has been done before a page failed, and fails", async () => {
    const problem = { type: "/x", title: "x", status: 503, detail: "not now", code: "unavailable" };
    const { url } = await serverWith([
      { status: 200, body: { done: ["run_1"], refused: [], next: "second" } },
      { status: 503, body: problem },
    ]);
    const { stdout, stderr, exitCode } = await bulk(url, "cancel", "--workflow", "deploy");
    expect(JSON.parse(stdout)).toEqual({ done: ["run_1"], refused: [] });
    expect(JSON.parse(stderr).code).toBe("unavailable");
    expect(exitCode).toBe(1);
  });

  test("says nothing of what was done where the first page failed", async () => {
    const { url } = await serverWith([{ status: 503, body: {} }]);
    expect(await bulk(url, "cancel", "--workflow", "deploy")).toMatchObject({ stdout: "", exitCode: 1 });
  });
});
