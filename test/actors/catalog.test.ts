import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { governingEnvironment } from "../../durable-objects/catalog/governing.ts";
import { Catalog } from "../../durable-objects/catalog.ts";
import type { EventBusRpc } from "../../durable-objects/rpc/event-bus.ts";
import { matchesTarget } from "../../src/environments/target.ts";
import type { AuditEntry } from "../../src/protocol/audit.ts";
import type { Target } from "../../src/protocol/environment.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { Diagnostic, WorkflowInput } from "../../src/protocol/workflow.ts";
import { Alarm } from "../../src/storage/alarm.ts";

const alice: Identity = { subject: "alice", role: "admin", tokenId: "t" };
let count = 0;

type Update = Parameters<EventBusRpc["setTriggers"]>[0];

/** The bus and the directory as the catalog sees them: they record what they are told. */
class Peers {
  readonly updates: Update[] = [];
  readonly audit: AuditEntry[] = [];
  busIsUp = true;
  #binding(stub: object) {
    return { idFromName: (name: string) => name, get: () => stub } as never;
  }
  readonly bindings = {
    EVENT_BUS: this.#binding({
      setTriggers: async (update: Update) => {
        if (!this.busIsUp) throw new Error("the bus cannot be reached");
        this.updates.push(update);
      },
    }),
    DIRECTORY: this.#binding({
      apply: async (change: { audit: AuditEntry[] }) => {
        this.audit.push(...change.audit);
      },
    }),
  };
}

/** A catalog of its own, on real storage, with recording peers. `restart` gives a new instance on that storage. */
async function withCatalog(
  test: (catalog: Catalog, peers: Peers, restart: () => Promise<Catalog>) => Promise<void>,
): Promise<void> {
  count += 1;
  const object = env.CATALOG.get(env.CATALOG.idFromName(`test/catalog/${count}`));
  // Tests fire the alarm themselves: the platform's would wake the object's own instance, with other peers.
  vi.spyOn(Alarm.prototype, "arm").mockImplementation(() => {});
  vi.spyOn(Alarm.prototype, "settle").mockImplementation(() => {});
  await runInDurableObject(object, async (_, state) => {
    const peers = new Peers();
    const open = async () => {
      const catalog = new Catalog(state, { ...env, ...peers.bindings });
      await state.blockConcurrencyWhile(async () => {});
      return catalog;
    };
    await test(await open(), peers, open);
  });
}

function aWorkflow(text = "deploy"): WorkflowInput {
  const source = `
def ${text}(w, ev):
    """Deploys."""
    w.run(step = "gitlab.com/cd/reconcile@v1", inputs = {"app": "shop"})

on_event(type = "com.example.happened", handler = ${text}, filter = 'event.data.service == "shop"')
`;
  return { entry: "main.star", files: { "main.star": source } };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a workflow that is put", () => {
  it("is checked, kept by digest, and in the bus when the answer comes", () =>
    withCatalog(async (catalog, peers, restart) => {
      const put = await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      expect(put).toMatchObject({ ok: true, value: { name: "canary", version: 1, entry: "main.star" } });
      const view = put.ok ? put.value : expect.fail("refused");
      expect(view.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(view.triggers).toEqual([
        {
          id: "canary/deploy",
          type: "com.example.happened",
          handler: "deploy",
          filter: 'event.data.service == "shop"',
        },
      ]);
      const program = { digest: view.digest, ...aWorkflow() };
      expect(peers.updates).toEqual([{ workflow: "canary", version: 1, program, triggers: view.triggers }]);
      const restarted = await restart();
      expect(await restarted.workflows()).toEqual([view]);
      expect(await restarted.workflow("canary")).toEqual({ ok: true, value: { ...view, program } });
      expect(peers.audit).toMatchObject([{ by: "alice", action: "workflow.put", subject: "canary" }]);
    }));

  it("again is the same version", () =>
    withCatalog(async (catalog, peers) => {
      const first = await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      const again = await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      expect(again).toEqual(first);
      expect(peers.updates.map(({ version }) => version)).toEqual([1, 1]);
      expect(peers.audit).toHaveLength(1);
    }));

  it("with another program is the next version", () =>
    withCatalog(async (catalog, peers) => {
      for (const text of ["one", "two", "one"]) {
        await catalog.putWorkflow({ name: "canary", input: aWorkflow(text), by: alice });
      }
      expect(peers.updates.map(({ version }) => version)).toEqual([1, 2, 3]);
      expect(peers.updates[0]?.program).toEqual(peers.updates[2]?.program);
      expect(await catalog.workflow("canary")).toMatchObject({
        value: { version: 3, triggers: [{ handler: "one" }] },
      });
    }));

  it.each<[what: string, source: string, line: number]>([
    ["does not parse", "def f(:\n", 1],
    ["uses an unknown name", "\nnope()\n", 2],
    ["declares no trigger", "x = 1\n", 1],
    [
      "has a filter that does not compile",
      'def f(w, ev):\n    pass\n\non_event(type = "x", handler = f, filter = "event.data ==")\n',
      4,
    ],
    ["never ends", "x = [i for a in range(100000) for i in range(100000)]\n", 1],
  ])("but %s is refused with its positions, and the old version stays", (_what, source, line) =>
    withCatalog(async (catalog, peers) => {
      await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      const refused = await catalog.putWorkflow({
        name: "canary",
        input: { entry: "main.star", files: { "main.star": source } },
        by: alice,
      });
      expect(refused).toMatchObject({ ok: false, error: { code: "invalid_workflow" } });
      const { diagnostics } = (refused.ok ? {} : refused.error.details) as { diagnostics: Diagnostic[] };
      expect(diagnostics[0]).toMatchObject({ severity: "error", file: "main.star", line });
      expect(await catalog.workflow("canary")).toMatchObject({ ok: true, value: { version: 1 } });
      expect(peers.updates).toHaveLength(1);
      expect(peers.audit).toHaveLength(1);
    }),
  );

  it("is answered although the bus cannot be reached, which is told later", () =>
    withCatalog(async (catalog, peers, restart) => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      peers.busIsUp = false;
      expect(await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice })).toMatchObject({
        ok: true,
      });
      peers.busIsUp = true;
      const now = Date.now();
      vi.spyOn(Date, "now").mockImplementation(() => now + 60_000);
      await (await restart()).alarm();
      await vi.waitFor(() => expect(peers.updates).toHaveLength(1));
    }));

  it("that is removed leaves the bus, and comes back with a higher version", () =>
    withCatalog(async (catalog, peers) => {
      await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      expect(await catalog.removeWorkflow("canary", alice)).toEqual({ ok: true, value: null });
      expect(peers.updates.at(-1)).toEqual({ workflow: "canary", version: 2, program: null, triggers: [] });
      expect(await catalog.workflows()).toEqual([]);
      for (const refused of [
        await catalog.workflow("canary"),
        await catalog.removeWorkflow("canary", alice),
      ]) {
        expect(refused).toMatchObject({ ok: false, error: { code: "unknown_workflow" } });
      }
      const back = await catalog.putWorkflow({ name: "canary", input: aWorkflow(), by: alice });
      expect(back).toMatchObject({ value: { version: 3 } });
      expect(peers.updates.at(-1)).toMatchObject({ version: 3 });
    }));
});

describe("the catalog's functions", () => {
  it("are listed by name as they were put last", () =>
    withCatalog(async (catalog, peers) => {
      await catalog.putFunction({ name: "gitlab.com/cd/b", trustScore: 0.2, description: "", by: alice });
      await catalog.putFunction({ name: "gitlab.com/cd/a", trustScore: 1, description: "first", by: alice });
      await catalog.putFunction({ name: "gitlab.com/cd/b", trustScore: 0.9, description: "b", by: alice });
      expect(await catalog.functions()).toMatchObject([
        { name: "gitlab.com/cd/a", trustScore: 1, description: "first" },
        { name: "gitlab.com/cd/b", trustScore: 0.9, description: "b" },
      ]);
      await vi.waitFor(() => expect(peers.audit.length).toBeGreaterThanOrEqual(2));
    }));

  it("are known by the inputs that they call sensitive, whatever their version, and add to what is known", () =>
    withCatalog(async (catalog) => {
      const sensitive = async (reference: string) => {
        const governing = await catalog.governing({ reference, inputs: {} });
        return governing.ok ? governing.value.sensitive : governing.error.code;
      };
      expect(await sensitive("gitlab.com/cd/a@v1")).toEqual([]);
      await catalog.learnSensitive({ reference: "gitlab.com/cd/a@v1", inputs: ["token"] });
      await catalog.learnSensitive({ reference: "gitlab.com/cd/a@v1", inputs: ["token"] });
      await catalog.learnSensitive({ reference: "gitlab.com/cd/a@v2", inputs: ["key"] });
      expect(await sensitive("gitlab.com/cd/a")).toEqual(["token", "key"]);
      expect(await sensitive("gitlab.com/cd/b")).toEqual([]);
      const many = Array.from({ length: 300 }, (_, index) => `input-${index}`);
      await catalog.learnSensitive({ reference: "gitlab.com/cd/b", inputs: many });
      expect(await sensitive("gitlab.com/cd/b")).toHaveLength(100);
    }));

  it("are trusted by name whatever their version, one version more particularly, unknown ones not at all", () =>
    withCatalog(async (catalog) => {
      await catalog.putFunction({ name: "gitlab.com/cd/a", trustScore: 0.5, description: "", by: alice });
      await catalog.putFunction({ name: "gitlab.com/cd/a@v2", trustScore: 0.9, description: "", by: alice });
      await catalog.putFunction({ name: "builtin://emit", trustScore: 0.7, description: "", by: alice });
      const trust = async (reference: string) => {
        const governing = await catalog.governing({ reference, inputs: {} });
        return governing.ok ? governing.value.trustScore : governing.error.code;
      };
      expect(await trust("gitlab.com/cd/a@v1")).toBe(0.5);
      expect(await trust("gitlab.com/cd/a@v2")).toBe(0.9);
      expect(await trust("builtin://emit")).toBe(0.7);
      expect(await trust("gitlab.com/cd/a/b@v1")).toBe(0);
      expect(await trust("gitlab.com/cd@v1")).toBe(0);
      expect(await trust("no reference at all")).toBe(0);
    }));
});

describe("the environment that governs a call", () => {
  const reference = "gitlab.com/cd/reconcile@v1";
  const production: Target = { function: "*", inputs: { app: "*-production" } };

  it("is the one whose target matches, or the one it names", () =>
    withCatalog(async (catalog) => {
      await catalog.setTargets({ environment: "production", version: 1, targets: [production] });
      await catalog.setTargets({ environment: "staging", version: 1, targets: [] });
      const governing = async (inputs: JsonObject, environment?: string) => {
        const result = await catalog.governing({ reference, inputs, ...(environment && { environment }) });
        return result.ok ? result.value.environment : result.error;
      };
      expect(await governing({ app: "shop-production" })).toBe("production");
      expect(await governing({ app: "shop-canary" })).toBeNull();
      expect(await governing({ app: "shop-canary" }, "staging")).toBe("staging");
      expect(await governing({ app: "shop-production" }, "production")).toBe("production");
      expect(await governing({}, "nowhere")).toMatchObject({ code: "unknown_environment" });
      const ambiguous = await governing({ app: "shop-production" }, "staging");
      expect(ambiguous).toMatchObject({
        code: "ambiguous_environment",
        message: expect.stringMatching(/staging.*production/),
        details: { environments: ["staging", "production"] },
      });
    }));

  it("follows the newest version of an environment, and no longer one that was removed", () =>
    withCatalog(async (catalog, _peers, restart) => {
      const governing = async (from: Catalog) => {
        const result = await from.governing({ reference, inputs: { app: "shop-production" } });
        return result.ok ? result.value.environment : result.error.code;
      };
      await catalog.setTargets({ environment: "a", version: 2, targets: [production] });
      await catalog.setTargets({ environment: "a", version: 1, targets: [] });
      expect(await governing(catalog)).toBe("a");
      await catalog.setTargets({ environment: "b", version: 1, targets: [production] });
      expect(await governing(catalog)).toBe("ambiguous_environment");
      await catalog.setTargets({ environment: "a", version: 3, targets: null });
      await catalog.setTargets({ environment: "a", version: 2, targets: [production] });
      expect(await governing(await restart())).toBe("b");
    }));

  it("is the same however the reference is spelled, and so is what is known of its function", () =>
    withCatalog(async (catalog) => {
      const targets = [
        { function: "GitLab.com/cd/*", inputs: {} },
        { function: "./functions/deploy/", inputs: {} },
      ];
      await catalog.setTargets({ environment: "production", version: 1, targets });
      for (const [name, trustScore] of [
        ["gitlab.com/CD/reconcile.git", 0.5],
        ["gitlab.com/cd/reconcile.git@v2", 0.9],
        ["./functions//deploy", 0.5],
      ] as const) {
        await catalog.putFunction({ name, trustScore, description: "", by: alice });
      }
      await catalog.learnSensitive({ reference: "GITLAB.com/cd/reconcile@v1", inputs: ["token"] });
      await catalog.learnSensitive({ reference: "./functions/./deploy", inputs: ["token"] });
      const known = { environment: "production", sensitive: ["token"] };
      for (const spelled of [
        "gitlab.com/cd/reconcile@v1",
        "GitLab.com:443/cd/reconcile.git@v1",
        "././functions/x/../deploy",
      ]) {
        const governing = await catalog.governing({ reference: spelled, inputs: {} });
        expect(governing).toMatchObject({ ok: true, value: { ...known, trustScore: 0.5 } });
        // What a run decides by in its own turn is said of the same name.
        expect(governing.ok && governing.value.targets).toHaveLength(1);
      }
      const exact = await catalog.governing({ reference: "gitlab.com/CD/reconcile@v2", inputs: {} });
      expect(exact).toMatchObject({ value: { ...known, trustScore: 0.9 } });
      expect((await catalog.functions()).map(({ name }) => name)).toEqual([
        "./functions/deploy",
        "gitlab.com/cd/reconcile",
        "gitlab.com/cd/reconcile@v2",
      ]);
    }));

  it("is refused exactly when two environments touch the call", () => {
    const names = ["a", "b", "c"];
    const targets = fc.constantFrom<Target[]>(
      [],
      [production],
      [{ function: "gitlab.com/cd/*", inputs: {} }],
      [
        { function: "other", inputs: {} },
        { function: "*", inputs: { app: "blog" } },
      ],
    );
    const name = "gitlab.com/cd/reconcile";
    fc.assert(
      fc.property(
        fc.tuple(targets, targets, targets),
        fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }),
        fc.constantFrom("shop-production", "blog", "x"),
        (all, environment, app) => {
          const environments = names.map((one, index) => ({ name: one, targets: all[index] ?? [] }));
          const result = governingEnvironment({ name, inputs: { app }, environment }, environments);
          const touching = new Set(
            environments
              .filter((one) => one.targets.some((target) => matchesTarget(target, { name, inputs: { app } })))
              .map((one) => one.name),
          );
          if (environment === "d") {
            expect(result).toMatchObject({ ok: false, error: { code: "unknown_environment" } });
            return;
          }
          if (environment) touching.add(environment);
          if (touching.size > 1) expect(result).toMatchObject({ error: { code: "ambiguous_environment" } });
          else expect(result).toEqual({ ok: true, value: [...touching][0] ?? null });
        },
      ),
    );
  });
});
