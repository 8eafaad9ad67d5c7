import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withHealth } from "../../src/environments/health.ts";
import { type HealthReport, readHealthReport } from "../../src/events/health-report.ts";
import { type Health, healthStatuses } from "../../src/protocol/health.ts";
import { healthOf, healthWords } from "../../src/protocol/health-words.ts";

const report = (overrides: Partial<HealthReport> = {}): HealthReport => ({
  environment: "production",
  app: "shop",
  status: "healthy",
  observedAt: 1000,
  staleAfterMs: 60_000,
  source: "/argo",
  ...overrides,
});

const reports = fc.array(
  fc.record({
    app: fc.constantFrom("shop", "search"),
    status: fc.constantFrom(...healthStatuses),
    observedAt: fc.integer({ min: 1, max: 6 }),
  }),
  { maxLength: 12 },
);

const taken = (list: readonly { report: HealthReport; seq: number }[]) =>
  list.reduce<Health[]>((known, { report: one, seq }) => withHealth(known, one, seq)?.health ?? known, []);

describe("reports of health", () => {
  test("end with the newest observation of each app, in whatever order they come and however often", () => {
    const orders = reports.chain((list) => {
      const numbered = list.map((one, index) => ({ report: report(one), seq: index + 1 }));
      const shuffled = fc.shuffledSubarray([...numbered, ...numbered], { minLength: numbered.length * 2 });
      return fc.record({ numbered: fc.constant(numbered), shuffled });
    });
    fc.assert(
      fc.property(orders, ({ numbered, shuffled }) => {
        const newest = numbered
          .toSorted((a, b) => a.report.observedAt - b.report.observedAt || a.seq - b.seq)
          .map(({ report: { app, status, observedAt }, seq }) => ({ app, status, observedAt, seq }));
        const expected = ["shop", "search"].flatMap((app) =>
          newest.filter((one) => one.app === app).slice(-1),
        );
        const found = taken(shuffled).map(({ app, status, observedAt, seq }) => ({
          app,
          status,
          observedAt,
          seq,
        }));
        const byApp = (list: { app: string }[]) => list.toSorted((a, b) => (a.app < b.app ? -1 : 1));
        expect(byApp(found)).toEqual(byApp(expected));
      }),
    );
  });

  test("keep since when it is so, and say what has become of it once", () => {
    const first = withHealth([], report(), 1);
    const again = withHealth(first?.health ?? [], report({ observedAt: 2000 }), 2);
    const worse = withHealth(again?.health ?? [], report({ observedAt: 3000, status: "degraded" }), 3);
    expect(first?.change).toMatchObject({ status: "healthy", since: 1000 });
    expect(again).toMatchObject({ isNotable: false, health: [{ since: 1000, observedAt: 2000 }] });
    expect(again).not.toHaveProperty("change");
    expect(worse?.change).toMatchObject({ status: "degraded", since: 3000, seq: 3 });
  });

  test("stay short, whatever they say and however many apps they name", () => {
    const many = Array.from({ length: 510 }, (_, n) => ({
      report: report({ app: `app-${n}`, observedAt: n, message: "x".repeat(9000) }),
      seq: n + 1,
    }));
    const health = taken(many);
    expect(health).toHaveLength(500);
    expect(health.at(-1)?.app).toBe("app-10");
    expect(health[0]?.message).toHaveLength(500);
  });
});

describe("a list of reports", () => {
  test("leaves room in its row, whatever characters they are made of", () => {
    const many = Array.from({ length: 500 }, (_, n) => ({
      report: report({
        app: `${n}`.padStart(300, "\u0001"),
        observedAt: n,
        message: "\u0001".repeat(500),
        source: "健".repeat(1000),
      }),
      seq: n + 1,
    }));
    const health = taken(many);
    expect(new TextEncoder().encode(JSON.stringify(health)).length).toBeLessThan(1_100_000);
    expect(health[0]?.seq).toBe(500);
    expect(health.length).toBeGreaterThan(20);
  });
});

describe("an event that reports health", () => {
  const event = (data: unknown, time = "2026-11-21T10:00:00Z") => ({
    specversion: "1.0" as const,
    id: "1",
    source: "/argo",
    type: "dev.sluice.deployment.health",
    time,
    data: data as never,
  });
  const said = { environment: "production", app: "shop", status: "healthy" };
  const NOW = Date.parse("2026-11-21T12:00:00Z");

  test.each([
    [{ ...said, observed_at: "2026-11-21T11:00:00+02:00" }, "2026-11-21T09:00:00Z"],
    [said, "2026-11-21T10:00:00Z"],
    [{ ...said, observed_at: "2027-01-01T00:00:00Z" }, "2026-11-21T12:00:00Z"],
  ])("is of the time it names, its own, and never of one to come: %j", (data, at) => {
    expect(readHealthReport(event(data), NOW)).toMatchObject({
      ok: true,
      value: { observedAt: Date.parse(at) },
    });
  });

  test.each([
    [{ ...said, status: "fine" }, "/data/status"],
    [{ app: "shop", status: "healthy" }, "/data/environment"],
    [{ ...said, observed_at: "yesterday" }, "/data/observed_at"],
    ["healthy", "/data"],
  ])("is refused where it cannot be read: %j", (data, pointer) => {
    expect(readHealthReport(event(data), NOW)).toMatchObject({
      ok: false,
      error: { code: "invalid_event", details: { errors: [{ pointer }] } },
    });
  });
});

describe("what is known of a deployment", () => {
  const deployment = { app: "shop", revision: "1.4", at: 5000 };
  const health = (overrides: Partial<Health>): Health[] => [
    {
      app: "shop",
      status: "healthy",
      since: 1,
      observedAt: 6000,
      staleAt: 9000,
      source: "/a",
      seq: 1,
      ...overrides,
    },
  ];
  test.each<[what: string, reports: Health[], words: string]>([
    ["nothing was reported", [], "ended well"],
    ["the report is of before, and of who knows what", health({ observedAt: 4000 }), "ended well"],
    [
      "the report is of another revision, before",
      health({ observedAt: 4000, revision: "1.3" }),
      "ended well",
    ],
    [
      "the report is of this revision, before it was recorded",
      health({ observedAt: 4000, revision: "1.4" }),
      "healthy",
    ],
    ["another revision has been seen since", health({ revision: "1.3" }), "healthy (1.3)"],
    ["the report is of after it", health({ status: "degraded" }), "degraded"],
    ["the report is old", health({ staleAt: 7000 }), "healthy, stale"],
  ])("when %s", (_, reported, words) => {
    expect(healthWords(healthOf(deployment, reported, 8000), "1.4")).toBe(words);
  });
});
