// Pages that stay open while things happen: they follow, they say when they do not, and they miss nothing.
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { goTo, isLive } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { post, register, registerSource, send } from "./stories.ts";

const TABS = 20;
const { sluice, signIn } = useSluice();

beforeAll(async () => {
  await register(sluice, "showcase");
});

async function createEnvironment(name: string): Promise<void> {
  await sluice.admin.put(`/v1/environments/${name}`, { body: { tier: "development" } });
}

async function pause(run: string, reason: string): Promise<void> {
  await sluice.admin.post(`/v1/runs/${run}/operations`, { body: { operation: { action: "pause" }, reason } });
}

const environment = (page: Page, name: string) => page.getByRole("article", { name, exact: true });

test("the first view is one question, and nothing is asked twice when the line is there", async () => {
  const page = await signIn();
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/v1/")) asked.push(`${request.method()} ${pathname}`);
  });
  await page.reload();
  await environment(page, "production").waitFor();
  await isLive(page);
  await page.waitForLoadState("networkidle");
  expect(asked).toEqual(["GET /v1/overview"]);
});

test("a server that is killed and comes back is caught up with, without a reload", async () => {
  const page = await signIn();
  const run = await send(sluice, "com.example.showcase", { title: "through a restart" });
  await page
    .getByRole("link", { name: /showcase/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "showcase" }).waitFor();
  await isLive(page);
  await page.evaluate("window.notReloaded = true");
  await sluice.kill();
  await page.getByText("Not live").waitFor();
  await sluice.start();
  await pause(run, "after the restart");
  await createEnvironment("after-the-restart");
  await isLive(page);
  await page.getByText("paused by admin").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await environment(page, "after-the-restart").waitFor();
  expect(await page.evaluate("window.notReloaded")).toBe(true);
});

test("what happens while the line is down is shown when it is back", async () => {
  const page = await signIn();
  let isDown = false;
  const lines = new Set<() => Promise<void>>();
  await page.routeWebSocket(/\/live/, (line) => {
    const hangUp = () => line.close({ code: 4000 });
    if (isDown) return void hangUp();
    line.connectToServer();
    lines.add(hangUp);
  });
  const run = await send(sluice, "com.example.showcase", { title: "on a bad line" });
  await goTo(page, `${sluice.url}/runs/${run}`);
  await page.getByText("waiting for somebody to fill in").waitFor();
  isDown = true;
  for (const hangUp of lines) await hangUp();
  await page.getByText("Not live").waitFor();
  await pause(run, "while nobody heard");
  await createEnvironment("while-the-line-was-down");
  expect(await page.getByText("paused by admin").count()).toBe(0);
  isDown = false;
  await page.getByText("paused by admin").waitFor();
  await isLive(page);
  await page.getByRole("link", { name: "Overview" }).click();
  await environment(page, "while-the-line-was-down").waitFor();
});

test("events that start nothing, and runners that come, are shown as they come", async () => {
  const page = await signIn();
  await goTo(page, `${sluice.url}/events`);
  await isLive(page);
  await post(sluice, { type: "com.example.nobody-listens" });
  await page.getByText("com.example.nobody-listens").first().waitFor();

  await goTo(page, `${sluice.url}/runners`);
  await isLive(page);
  const { token } = await sluice.admin.post<{ token: string }>("/v1/tokens", {
    body: { subject: "newcomer", role: "runner" },
  });
  const left = new AbortController();
  const asking = fetch(`${sluice.url}/v1/jobs/request`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      runner: { name: "newcomer", version: "1.0.0", platform: "linux-x64", tags: ["gpu"], capacity: 1 },
      wait_s: 20,
    }),
    signal: left.signal,
  }).catch((error: Error) => error.name);
  await page.getByText("newcomer").waitFor();
  left.abort();
  expect(await asking).toBe("AbortError");
});

test("twenty open tabs all follow", async () => {
  const page = await signIn();
  const tabs = [page];
  while (tabs.length < TABS) {
    const tab = await page.context().newPage();
    await tab.goto(`${sluice.url}/`);
    tabs.push(tab);
  }
  await Promise.all(tabs.map(isLive));
  await createEnvironment("seen-by-twenty");
  await Promise.all(tabs.map((tab) => environment(tab, "seen-by-twenty").waitFor()));
});

test("no row moves away from under somebody who picks runs, or reads further down", async () => {
  for (let at = 0; at < 30; at += 1) await send(sluice, "com.example.showcase", { title: `row ${at}` });
  const page = await signIn();
  await goTo(page, `${sluice.url}/runs`);
  const rows = page.locator(".run-row");
  const addressOf = (at: number) => rows.nth(at).getByRole("link").getAttribute("href");
  const first = await addressOf(0);
  const topOf = async () =>
    (await page.locator(".run-row", { has: page.locator(`a[href="${first}"]`) }).boundingBox())?.y;
  const atRest = await topOf();
  await rows.nth(0).getByRole("checkbox").check();
  await page.getByText("1 run picked").waitFor();
  await send(sluice, "com.example.showcase", { title: "newer" });
  const newer = page.getByRole("button", { name: "1 newer run" });
  await newer.waitFor();
  expect(await topOf()).toBe(atRest);
  await newer.click();
  await expect.poll(() => addressOf(1)).toBe(first);
  await page.getByRole("button", { name: "Pick none" }).click();
  await page.evaluate("scrollTo(0, 600)");
  await expect.poll(() => page.evaluate("scrollY")).toBe(600);
  const before = await topOf();
  expect(before).toBeLessThan(0);
  const last = await send(sluice, "com.example.showcase", { title: "newest" });
  await newer.waitFor();
  expect(await topOf()).toBe(before);
  // At the top again, they are there.
  await page.evaluate("scrollTo(0, 0)");
  await expect.poll(() => addressOf(0)).toBe(`/runs/${last}`);
});

test("a run that waits for its place comes to life when the one before it has ended", async () => {
  await registerSource(
    sluice,
    "one-place",
    'def main(w, ev):\n    w.wait_for_event(type = "t.over")\n\non_event(type = "t.one-place", handler = main, concurrency = concurrency())\n',
  );
  const first = await send(sluice, "t.one-place", {});
  const { events } = await post(sluice, { type: "t.one-place" });
  const queued = events[0]?.queued?.[0]?.run;
  expect(queued).toBeDefined();
  const page = await signIn();
  await page.goto(`${sluice.url}/runs/${queued}`);
  await page.getByText(/waits for a place/).waitFor();
  await sluice.admin.post(`/v1/runs/${first}/cancel`, { body: { reason: "enough" } });
  await page.getByRole("heading", { name: "one-place" }).waitFor();
  await isLive(page);
});
