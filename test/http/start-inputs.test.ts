import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, tokenOf } from "./call.ts";

let operator: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olivia");
  await push(
    "typed",
    `
def main(w, ev):
    return ev["data"]

on_start(main, inputs = {
    "service": {"type": "string", "required": True},
    "share": {"type": "number", "max": 1, "default": 0.1},
    "notes": "text",
})
`,
  );
});

async function push(name: string, source: string): Promise<void> {
  const answer = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect(answer).toMatchObject({ status: 200 });
}

const start = (name: string, input: unknown, headers: Record<string, string> = {}) =>
  call("POST", `/v1/workflows/${name}/runs`, { body: { input }, token: operator, headers });

async function outputOf(run: string): Promise<unknown> {
  return await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/v1/runs/${run}`);
      expect(body.state).toBe("succeeded");
      return body.output;
    },
    { timeout: 8000, interval: 20 },
  );
}

describe("a workflow that declares its inputs", () => {
  it("is listed with them, and starts with a value for every one", async () => {
    const { body: view } = await call("GET", "/v1/workflows/typed");
    expect(view.triggers[0].inputs.map(({ name }: { name: string }) => name)).toEqual([
      "service",
      "share",
      "notes",
    ]);
    const { status, body } = await start("typed", { service: "shop" });
    expect(status).toBe(202);
    expect(await outputOf(body.run)).toEqual({ service: "shop", share: 0.1, notes: null });
  });

  it("starts nothing for an input that does not fit, and says what of it does not", async () => {
    const headers = { "idempotency-key": "typed-1" };
    const refused = await start("typed", { share: 2, color: "red" }, headers);
    expect(refused.body).toMatchObject({ status: 422, code: "invalid_input" });
    expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      "/input/color",
      "/input/service",
      "/input/share",
    ]);
    // Nothing was stored under the key, so it is still to be had.
    const mended = await start("typed", { service: "shop", share: 1 }, headers);
    expect(mended).toMatchObject({ status: 202, body: { repeated: false } });
    expect((await start("typed", { nonsense: 1 }, headers)).body).toEqual({ ...mended.body, repeated: true });
  });

  it("refuses a run that starts it with another input, by an error that can be caught", async () => {
    await push(
      "asks",
      `
def main(w, ev):
    bad = w.attempt(lambda: w.start("typed", {"share": "all"}))
    good = w.start("typed", {"service": "shop"})
    return [bad.error.code, [fault["pointer"] for fault in bad.error.details["errors"]], good["share"]]

on_start(main)
`,
    );
    const { body } = await start("asks", null);
    expect(await outputOf(body.run)).toEqual(["InvalidInput", ["/input/service", "/input/share"], 0.1]);
  });
});
