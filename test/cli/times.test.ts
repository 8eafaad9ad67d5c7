// What the options of the command line take for a time.
import { afterEach, describe, expect, test, vi } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const cancelFrom = (url: string, time: string, ...more: string[]) =>
  toldBy(["run", "bulk", "cancel", "--from", time, ...more, "--url", url, "--token", "t", "--json"]);

const none = { status: 200, body: { done: [], refused: [] } };

/** The runs that the server is asked for. */
async function filterOf(...args: [time: string, ...more: string[]]): Promise<{ from?: string; to?: string }> {
  const { url, asked } = await serverWith([none]);
  const { stderr } = await cancelFrom(url, ...args);
  expect(stderr).toBe("");
  return asked[0]?.body.filter ?? {};
}

describe("an option that is a time", () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ["2026-11-21T13:00Z", "2026-11-21T13:00:00.000Z"],
    ["2026-11-21T13:00:59.25Z", "2026-11-21T13:00:59.250Z"],
    ["2026-11-21T13:00:00+01:30", "2026-11-21T11:30:00.000Z"],
    ["2024-02-29T24:00Z", "2024-03-01T00:00:00.000Z"],
  ])("is read as ISO 8601: %s", async (text, from) => {
    expect(await filterOf(text)).toEqual({ from });
  });

  test("is of the machine's zone where it names none, and midnight UTC where it is a date alone", async () => {
    vi.stubEnv("TZ", "America/New_York");
    expect(await filterOf("2026-11-20", "--to", "2026-11-21T13:00")).toEqual({
      from: "2026-11-20T00:00:00.000Z",
      to: "2026-11-21T18:00:00.000Z",
    });
  });

  test.each([
    ["90m", 90],
    ["12h", 12 * 60],
    ["7d", 7 * 24 * 60],
  ])("says how long ago: %s", async (text, minutes) => {
    const earliest = Date.now() - minutes * 60_000;
    const from = Date.parse((await filterOf(text)).from ?? "");
    expect(from).toBeGreaterThanOrEqual(earliest);
    expect(from).toBeLessThanOrEqual(Date.now() - minutes * 60_000);
  });

  test.each([
    "5",
    "2026",
    "2026-11",
    "yesterday 5",
    "1 h",
    "7w",
    "-7d",
    "21.11.2026",
    "11/21/2026",
    "Nov 21 2026",
    "2026-11-21 13:00",
    "2026-11-21T13",
    "2026-11-21T13:00+0100",
    "2026-11-21T13:00Z\n",
    "2026-02-30",
    "2025-02-29T10:00Z",
    "2026-13-01",
    "2026-11-21T25:00",
    "2026-11-21T13:00+25:00",
    "",
  ])("is nothing else, least of all a filter that finds every run: %j", async (text) => {
    const { url, asked } = await serverWith([]);
    const { stdout, stderr, exitCode } = await cancelFrom(url, text);
    expect({ stdout, exitCode, code: JSON.parse(stderr).code }).toEqual({
      stdout: "",
      exitCode: 2,
      code: "usage",
    });
    expect(JSON.parse(stderr).detail).toContain("neither a time such as 2026-11-21T13:00Z nor how long ago");
    expect(asked).toEqual([]);
  });
});
