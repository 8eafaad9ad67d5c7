// What `sluice env` sends of an environment's freezes, and shows of them.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const DAY = 24 * 3600_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();
const freeze = (name: string, from: string, to: string, reason = "") => ({ name, from, to, reason });

const view = (freezes: object[]) => ({
  status: 200,
  body: {
    name: "production",
    tier: "production",
    risk: "high",
    labels: {},
    targets: [],
    freezes,
    deployments: [],
    health: [],
  },
});
const env = (url: string, ...args: string[]) => toldBy(["env", ...args, "--url", url, "--token", "t"]);

test("sluice env create on an environment that is there leaves its freezes as they are", async () => {
  const december = freeze("december", inDays(-1), inDays(1), "holidays");
  const { url, asked } = await serverWith([view([december]), view([december])]);
  const told = await env(url, "create", "production", "--tier", "production", "--label", "team=shop");
  expect(told).toMatchObject({ stderr: "", exitCode: 0 });
  expect(asked[1]).toMatchObject({
    path: "/v1/environments/production",
    body: { tier: "production", labels: { team: "shop" }, freezes: [december] },
  });
});

test("sluice env create makes an environment that is not there, without freezes", async () => {
  const problem = { type: "/docs/errors#unknown_environment", title: "Not found", status: 404 };
  const { url, asked } = await serverWith([
    { status: 404, body: { ...problem, detail: "there is none", code: "unknown_environment" } },
    view([]),
  ]);
  expect(await env(url, "create", "production", "--tier", "production")).toMatchObject({ exitCode: 0 });
  expect(asked[1]).toMatchObject({ body: { tier: "production", freezes: [] } });
});

test("sluice env create sends nothing where it cannot learn of the freezes", async () => {
  const { url, asked } = await serverWith([{ status: 502, body: {} }]);
  expect(await env(url, "create", "production", "--tier", "production")).toMatchObject({ exitCode: 1 });
  expect(asked).toHaveLength(1);
});

test("sluice env list counts the freezes that are in force and to come, and not those that are over", async () => {
  const freezes = [
    freeze("past", inDays(-3), inDays(-2)),
    freeze("december", inDays(-1), inDays(1)),
    freeze("easter", inDays(100), inDays(104)),
    freeze("summer", inDays(200), inDays(210)),
  ];
  const { url } = await serverWith([
    { status: 200, body: { environments: [view(freezes).body, view([]).body] } },
  ]);
  const [, frozen = "", free = ""] = stripVTControlCharacters((await env(url, "list")).stdout).split("\n");
  expect(frozen).toMatch(/^production +production +high +1 in force, 2 to come$/);
  expect(free).toMatch(/^production +production +high$/);
});

test("sluice env show names each freeze, when it holds, and why", async () => {
  const [past, december, easter] = [
    freeze("past", inDays(-3), inDays(-2)),
    freeze("december", inDays(-1), inDays(1), "holidays"),
    freeze("easter", inDays(100), inDays(104)),
  ];
  const { url } = await serverWith([view([past, december, easter]), { status: 200, body: { changes: [] } }]);
  const lines = stripVTControlCharacters((await env(url, "show", "production")).stdout).split("\n");
  expect(lines.slice(1, 4)).toEqual([
    `  freeze past  over, from ${past.from} to ${past.to}`,
    `  freeze december  in force, from ${december.from} to ${december.to}: holidays`,
    `  freeze easter  to come, from ${easter.from} to ${easter.to}`,
  ]);
});
