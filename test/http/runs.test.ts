import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { firstDifference, historyText, loadWorkflow, parseHistory } from "../../src/workflow/index.ts";
import { call, tokenOf } from "./call.ts";
import { startRun } from "./start-run.ts";

let viewer: string;
let operator: string;
beforeAll(async () => {
  viewer = await tokenOf("viewer");
  operator = await tokenOf("operator", "olivia");
});

const detail = async (run: string) => (await call("GET", `/v1/runs/${run}`, { token: viewer })).body;

describe("a signal", () => {
  const send = (run: string, name: string, body: unknown, options: Parameters<typeof call>[2] = {}) =>
    call("POST", `/v1/runs/${run}/signals/${name}`, { body, token: operator, ...options });

  it("reaches the run once, however often it is sent, and the audit says who sent it", async () => {
    const run = await startRun("signal-once", 'return [w.wait_for_signal("go")["data"] for _ in range(2)]');
    const headers = { "idempotency-key": "first" };
    const answers = [
      await send(run, "go", { data: 1 }, { headers }),
      await send(run, "go", { data: 1 }, { headers }),
      await send(run, "go", { data: { n: 2 } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers[0]?.body).toEqual({ id: "first" });
    expect(await detail(run)).toMatchObject({ state: "succeeded", output: [1, { n: 2 }] });
    await vi.waitFor(async () => {
      const { body } = await call("GET", "/v1/audit");
      const sent = body.entries.filter((entry: { subject: string }) => entry.subject === run);
      expect(sent).toHaveLength(2);
      expect(sent[1]).toMatchObject({
        action: "run.signal",
        by: "olivia",
        data: { id: "first", name: "go" },
      });
    });
  });

  it("is refused where nobody can take it", async () => {
    const over = await startRun("signal-over", "pass");
    expect((await send(over, "go", {})).body.code).toBe("run_finished");
    expect((await send(`run_${"0".repeat(32)}`, "go", {})).body.code).toBe("unknown_run");
    expect((await send(over, "go", {}, { token: viewer })).status).toBe(403);
    expect((await send(over, "a%20b", {})).body.code).toBe("invalid_request");
    expect((await send(over, "go", { date: 1 })).body.code).toBe("invalid_request");
    expect((await send(over, "go", { data: "x".repeat(300_000) })).status).toBe(413);
    expect((await send(over, "go", {}, { headers: { "idempotency-key": "a b" } })).body.code).toBe(
      "invalid_request",
    );
  });
});

describe("what a run says about itself", () => {
  it("is shown with it and in lists, which filter by labels", async () => {
    const say = (service: string) => `
      w.set_status("soaking")
      w.set_label("service", "${service}")
      w.set_label("ring", "0=all")
      w.set_output("url", "https://example.com")
      w.wait_for_signal("stop")`;
    const [shop = "", cart = ""] = [
      await startRun("says-shop", say("shop")),
      await startRun("says-cart", say("cart")),
    ];
    expect(await detail(shop)).toMatchObject({ status: "soaking", outputs: { url: "https://example.com" } });
    const listed = async (...labels: string[]) => {
      const query = labels.map((label) => `label=${encodeURIComponent(label)}`).join("&");
      const { body } = await call("GET", `/v1/runs?${query}`, { token: viewer });
      return body.runs.map(({ id }: { id: string }) => id);
    };
    await vi.waitFor(async () => expect((await listed("ring=0=all")).sort()).toEqual([shop, cart].sort()));
    expect(await listed("service=shop")).toEqual([shop]);
    expect(await listed("ring=0=all", "service=cart")).toEqual([cart]);
    expect(await listed("service=other")).toEqual([]);
    expect((await call("GET", "/v1/runs?label=service")).body.code).toBe("invalid_request");
  });
});

describe("a history", () => {
  const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

  it("is enough to replay the run elsewhere, and to see how another program differs", async () => {
    const run = await startRun("history", 'w.set_label("a", "b")\n      return w.uuid()');
    const { body: head } = await call("GET", `/v1/runs/${run}/history`, { token: viewer });
    const { body: journal } = await call("GET", `/v1/runs/${run}/journal?limit=1000`, { token: viewer });
    const parsed = parseHistory(historyText({ head, records: journal.records }));
    if (!parsed.ok) throw new Error(parsed.error.message);
    const difference = (change: (source: string) => string) => {
      const { entry, files } = head.program;
      const loaded = loadWorkflow({ entry, files: { [entry]: change(files[entry]) } }, { sha256Hex });
      if (!loaded.ok) throw new Error(loaded.error.message);
      return firstDifference(loaded.value, parsed.value, sha256Hex);
    };
    expect(difference((source) => source)).toBeUndefined();
    expect(difference((source) => source.replace('"b"', '"c"'))?.code).toBe("NonDeterminism");
  });

  it("is known of runs alone, to those who may see them", async () => {
    const unknown = `/v1/runs/run_${"0".repeat(32)}/history`;
    expect((await call("GET", unknown, { token: viewer })).body.code).toBe("unknown_run");
    expect((await call("GET", unknown, { token: null })).status).toBe(401);
  });
});
