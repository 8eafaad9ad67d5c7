// Kills everything at random moments, again and again, while deployments run, and then checks that every run ended
// as it would have without: each acknowledged event one run, each command one outcome, each app deployed once.
// A few kills here; `KILLS=200 npm test -- test/faults` for the long run. SEED repeats a sequence of moments.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createClient } from "../../cli/client.ts";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { RunDetail, RunSummary } from "../../src/protocol/run.ts";
import { eventually, LocalSluice } from "../end-to-end/local-sluice.ts";
import { insist, journalOf, KILLS, PATIENCE_MS, pause, SEED, seededRandom } from "./killing.ts";

// The document's half hour of soak passes in one second.
const sluice = new LocalSluice({ timeScale: 1800 });
afterAll(() => sluice.stop());

function request(service: string): Promise<EventReceipt> {
  const type = "com.gitlab.cd.deploy_requested";
  return insist(sluice, { id: service, type, data: { service, version: "1.0.0" } });
}

/** Approves whatever waits, as another person, for as long as the test goes on. */
function startApprover(token: string): () => Promise<void> {
  let over = false;
  const approver = createClient({ url: sluice.url, token });
  const loop = (async () => {
    while (!over) {
      try {
        const { approvals } = await approver.get<{ approvals: Approval[] }>("/v1/approvals", {
          query: { state: "pending" },
        });
        for (const { id } of approvals)
          await approver.post(`/v1/approvals/${id}`, { body: { decision: "approve", comment: "" } });
      } catch {
        // The server is away, or the approval was decided just before the kill: look again.
      }
      await pause(100);
    }
  })();
  return () => {
    over = true;
    return loop;
  };
}

test(
  `${KILLS} kills at random moments change nothing (seed ${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    await sluice.start();
    const { token } = await sluice.admin.post<{ token: string }>("/v1/tokens", {
      body: { subject: "approver", role: "operator" },
    });
    const stopApprover = startApprover(token);
    const started = new Map<string, string>();

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const posting: Promise<void>[] = [];
      for (const n of [1, 2]) {
        const service = `svc-${kill}-${n}`;
        posting.push(
          request(service).then((receipt) => {
            expect(receipt.started).toHaveLength(1);
            started.set(service, receipt.started[0]?.run ?? "");
          }),
        );
      }
      await pause(random() * 2500);
      await sluice.kill();
      await sluice.start();
      // Those whose acknowledgement the kill cut off are posted again by themselves.
      await Promise.all(posting);
    }

    for (const [service, id] of started) {
      const run = await eventually(
        `the end of ${service}`,
        async () => {
          const seen = await sluice.admin.get<RunDetail>(`/v1/runs/${id}`);
          return ["succeeded", "failed", "cancelled", "stuck"].includes(seen.state) ? seen : undefined;
        },
        PATIENCE_MS,
      );
      expect(run.error, `${service} of seed ${SEED}`).toBeUndefined();
      expect(run.state).toBe("succeeded");
      expect(run.activities.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
        "run succeeded",
        "sleep succeeded",
        "run succeeded",
        "run succeeded",
      ]);

      const records = await journalOf(sluice, id);
      expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
      const outcomes = records.filter(({ type }) => type === "completed").map((record) => record.command);
      expect(outcomes).toEqual(["0#1", "0#2", "0#3", "0#4"]);

      for (const app of [`${service}-canary`, `${service}-production`]) {
        const folder = join(sluice.stateFolder, "target", app);
        const health = JSON.parse(readFileSync(join(folder, "health.json"), "utf8")) as { revision: string };
        expect(health.revision).toBe("1.0.0");
        const releases = JSON.parse(readFileSync(join(folder, "releases.json"), "utf8")) as {
          revision: string;
        }[];
        expect(releases, `${app} of seed ${SEED}`).toHaveLength(1);
      }
    }
    const { runs } = await sluice.admin.get<{ runs: RunSummary[] }>("/v1/runs", {
      query: { workflow: "canary", limit: 500 },
    });
    expect(runs.length).toBe(Math.min(started.size, 500));
    expect(started.size).toBe(2 * KILLS);
    await stopApprover();
  },
  PATIENCE_MS,
);
