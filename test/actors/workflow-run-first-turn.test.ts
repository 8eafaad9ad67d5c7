// A run asks the catalog about its first calls before anything of it is written.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Catalog } from "../../durable-objects/catalog.ts";
import type { CatalogRpc, Governing } from "../../durable-objects/rpc/catalog.ts";
import { catalogStub, DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import { WorkflowRun } from "../../durable-objects/workflow-run.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import { hasTables } from "../../src/storage/migrations.ts";
import { newRunId, operator, script, startedBy, startOf, startRun, TestRun, unwrap } from "./run-fixture.ts";

type Ask = (call: Parameters<CatalogRpc["governing"]>[0]) => Promise<Result<Governing>>;

const log = 'w.run(step = "builtin://log", inputs = {"message": "hello"})';
const free = { trustScore: 0, environment: null, sensitive: [], targets: [] };
const never = () => new Promise<never>(() => {});

// An isolate's first decision is never at once: see evaluatePolicyAtOnce.
beforeAll(async () => void (await (await startRun(script(log))).until("succeeded")));

afterEach(() => void vi.restoreAllMocks());

/** Runs `body` in the object of a run that has not begun; `ask` is in the place of the catalog. */
async function inRun(
  ask: Ask,
  body: (run: WorkflowRun, state: DurableObjectState) => Promise<void>,
): Promise<void> {
  await runInDurableObject(new TestRun(newRunId()).stub, async (_, state) => {
    const place = { idFromName: () => "", get: () => ({ governing: ask }) };
    const others = {
      idFromName: () => "",
      get: () => ({ apply: async () => {}, ingestFromRun: async () => {} }),
    };
    const bindings = { CATALOG: place, DIRECTORY: others, EVENT_BUS: others };
    await body(new WorkflowRun(state, { ...env, ...bindings } as unknown as Env), state);
  });
}

const stateOf = async (run: WorkflowRun) => unwrap(await run.detail()).state;

describe("a run whose first calls need nobody but the catalog", () => {
  test("is one write, after the answer, and asks once for each function", async () => {
    const asked: string[] = [];
    let isStored: boolean | undefined;
    let sql: SqlStorage | undefined;
    await inRun(
      async ({ reference }) => {
        asked.push(reference);
        isStored ||= sql && hasTables(sql);
        return ok(free);
      },
      async (run, state) => {
        sql = state.storage.sql;
        const emit = 'w.run(step = "builtin://emit", inputs = {"type": "t", "data": {}})';
        await run.start(startOf(script(`${log}\n${emit}\n${log}`)));
        expect(await stateOf(run)).toBe("succeeded");
        expect(await state.storage.getAlarm()).toBeNull();
      },
    );
    expect(asked).toEqual(["builtin://log", "builtin://emit"]);
    expect(isStored).toBe(false);
  });

  test("keeps whoever asks for it meanwhile until it has begun", async () => {
    const governing = Catalog.prototype.governing;
    let isHeld = true;
    const asked = vi.spyOn(Catalog.prototype, "governing").mockImplementation(async function (
      this: Catalog,
      call,
    ) {
      while (isHeld) await scheduler.wait(5);
      return await governing.call(this, call);
    });
    const start = startOf(script(`${log}\nw.sleep(hours = 1)`));
    const run = new TestRun(start.id);
    const started = run.rpc.start(start);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    const again = run.rpc.start(start);
    const cancelled = run.rpc.cancel({ by: operator, reason: "enough", terminate: true });
    // Long enough for both to get there.
    await scheduler.wait(50);
    isHeld = false;
    await Promise.all([started, again]);
    expect(unwrap(await cancelled).state).toBe("cancelled");
    expect((await run.journal()).filter(({ type }) => type === "scheduled")).toHaveLength(2);
  });
});

describe("a run begins, and asks again,", () => {
  test("when the catalog cannot be asked", async () => {
    let asked = 0;
    await inRun(
      async () => {
        asked += 1;
        if (asked === 1) throw new Error("the network is down");
        return ok(free);
      },
      async (run) => {
        await run.start(startOf(script(log)));
        await expect.poll(() => stateOf(run)).toBe("succeeded");
        expect(asked).toBe(2);
      },
    );
  });

  test("when the catalog does not answer", async () => {
    await inRun(never, async (run, { storage }) => {
      await run.start(startOf(script(log)));
      expect(await stateOf(run)).toBe("running");
      expect(await storage.getAlarm()).not.toBeNull();
    });
  });
});

test("a run that its parent has closed before it began goes no further than before", async () => {
  const parent = newRunId();
  const start = startOf(script(log), startedBy(parent));
  const run = new TestRun(start.id);
  await run.rpc.closeByParent({ parent, terminate: false });
  await run.rpc.start(start);
  expect(await run.state()).toBe("cancelled");
  expect(await run.logTexts()).toEqual([]);
});

test("what the catalog refuses is the call's failure", async () => {
  await inRun(
    async () => refuse("ambiguous_environment", "two of them"),
    async (run) => {
      await run.start(startOf(script(log)));
      await expect.poll(() => stateOf(run)).toBe("failed");
      expect(unwrap(await run.detail()).error?.message).toContain("two of them");
    },
  );
});

test("the environment of a call is looked at only when the run has begun: a freeze meanwhile holds", async () => {
  const name = `frozen-${crypto.randomUUID()}`;
  const environments = env.ENVIRONMENT;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const value = {
    tier: "production" as const,
    risk: "low" as const,
    labels: {},
    targets: [],
    freezes: [] as { name: string; from: string; to: string; reason: string }[],
  };
  const put = async () => {
    const stub = environments.get(environments.idFromName(`${DEFAULT_WORKSPACE}/environments/${name}`));
    await (stub as unknown as { put(input: object): Promise<unknown> }).put({
      workspace: DEFAULT_WORKSPACE,
      name,
      value,
      by: operator,
    });
  };
  await put();
  await inRun(
    async (call) => {
      const answer = await catalogStub(env, DEFAULT_WORKSPACE).governing(call);
      value.freezes = [{ name: "now", from: at(-1000), to: at(3600_000), reason: "stop" }];
      await put();
      return answer;
    },
    async (run) => {
      await run.start(startOf(script(log.replace(")", `, environment = "${name}")`))));
      await expect.poll(() => stateOf(run)).not.toBe("running");
      const { records } = unwrap(await run.journal({ after: 0, limit: 100 }));
      const decided = records.find((record) => record.type === "noted" && record.note === "policy_decision");
      expect(decided).toMatchObject({
        data: { input: { environment: { name, freezes: [{ name: "now" }] } } },
      });
    },
  );
});
