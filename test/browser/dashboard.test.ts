// The dashboard as people use it: real Chromium, the real Worker, a real runner.
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunSummary } from "../../src/protocol/run.ts";
import { eventually, LocalSluice } from "../end-to-end/local-sluice.ts";
import { openBrowser, pageOf } from "./browser.ts";

const pictures = resolve(import.meta.dirname, "..", "..", "coverage", "screenshots");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const hostile = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;

const sluice = new LocalSluice({ timeScale: 600 });
let browser: Browser;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  await sluice.start();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await sluice.stop();
});

async function operator(subject: string): Promise<string> {
  const { token } = await sluice.admin.post<{ token: string }>("/v1/tokens", {
    body: { subject, role: "operator" },
  });
  return token;
}

/** Posts GitHub's release webhook; answers the run of the canary workflow that follows from it. */
async function release(): Promise<string> {
  const payload = examples
    .find(({ name }) => name === "release")
    ?.examples.find((example) => "action" in example && example.action === "published");
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", sluice.webhookSecret).update(body).digest("hex");
  const answer = await fetch(`${sluice.url}/v1/hooks/github`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "release",
      "x-github-delivery": crypto.randomUUID(),
      "x-hub-signature-256": `sha256=${signature}`,
    },
  });
  const { events } = (await answer.json()) as { events: { started: { run: string }[] }[] };
  const first = events[0]?.started[0]?.run;
  return await eventually("the canary run", async () => {
    const { runs } = await sluice.admin.get<{ runs: RunSummary[] }>("/v1/runs", {
      query: { workflow: "canary" },
    });
    return runs.find(({ event }) => first !== undefined && event.source.endsWith(first))?.id;
  });
}

async function axe(page: Page): Promise<string[]> {
  // Evaluated over the debugger, which the policy of the page does not bind; a script tag would be refused.
  await page.evaluate(axeSource);
  const { violations } = (await page.evaluate("axe.run()")) as {
    violations: { id: string; nodes: { target: string[] }[] }[];
  };
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
}

describe("the canary story", () => {
  test("is clicked through from webhook to approval to healthy, without reloading", async () => {
    const { page, faults } = await pageOf(browser, {
      url: sluice.url,
      token: await operator("release-manager"),
    });
    await page.evaluate("window.notReloaded = true");
    await release();
    await page
      .getByRole("link", { name: /^waiting canary|^running canary/ })
      .first()
      .click();
    const approve = page.getByRole("button", { name: "Approve" });
    await approve.waitFor();
    await page.getByText("held by policy").waitFor();
    await page.getByLabel("Comment").fill("looks healthy");
    await approve.click();
    await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.locator(".deployment-app", { hasText: "Hello-World-production" }).waitFor();
    expect(await page.evaluate("window.notReloaded")).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("two people who decide at once: one decision counts, and both see it", async () => {
    const run = await release();
    const people = await Promise.all(
      ["first", "second"].map(async (name) =>
        pageOf(browser, { url: sluice.url, token: await operator(name) }),
      ),
    );
    for (const { page } of people) {
      await page.goto(`${sluice.url}/runs/${run}`);
      await page.getByRole("button", { name: "Approve" }).waitFor();
    }
    await Promise.all(people.map(({ page }) => page.getByRole("button", { name: "Approve" }).click()));
    for (const { page } of people) {
      await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
      await page.context().close();
    }
    const { entries } = await sluice.admin.get<{ entries: { action: string; data: { run?: string } }[] }>(
      "/v1/audit",
    );
    expect(
      entries.filter(({ action, data }) => action === "approval.approve" && data.run === run),
    ).toHaveLength(1);
  });
});

describe("an open page", () => {
  test("says that it is not live while the server is gone, and catches up when it is back", async () => {
    const { page } = await pageOf(browser, { url: sluice.url, token: sluice.adminToken });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.evaluate("window.notReloaded = true");
    await sluice.kill();
    await page.getByText("Not live").waitFor();
    await sluice.start();
    await page.getByText("Live", { exact: true }).waitFor();
    await sluice.admin.put("/v1/environments/after-the-restart", { body: { tier: "development" } });
    await page.getByRole("link", { name: "after-the-restart" }).waitFor();
    expect(await page.evaluate("window.notReloaded")).toBe(true);
    await page.context().close();
  });

  test("shows hostile text as text", async () => {
    const { page } = await pageOf(browser, { url: sluice.url, token: sluice.adminToken });
    await sluice.admin.put("/v1/environments/hostile", {
      body: { tier: "development", labels: { note: hostile } },
    });
    await page.goto(`${sluice.url}/environments`);
    await page.getByRole("article", { name: "hostile" }).getByText("settings").click();
    await page.getByRole("article", { name: "hostile" }).getByText("labels").click();
    await page.getByText("onerror").waitFor();
    expect(await page.title()).not.toBe("broken");
    await page.goto(`${sluice.url}/runs?initiator=${encodeURIComponent(hostile)}`);
    await page.getByText("No run matches").waitFor();
    expect(await page.title()).not.toBe("broken");
    await page.context().close();
  });

  test("goes by keyboard, and offers a viewer nothing that a viewer may not do", async () => {
    const { token } = await sluice.admin.post<{ token: string }>("/v1/tokens", {
      body: { subject: "v", role: "viewer" },
    });
    const { page } = await pageOf(browser, { url: sluice.url, token });
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await page.getByRole("heading", { name: "Environments" }).waitFor();
    expect(await page.getByRole("button", { name: "New environment" }).count()).toBe(0);
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to" }).fill("runners");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Runners" }).waitFor();
    await page.context().close();
  });
});

describe("every view", () => {
  const views = [
    "",
    "runs",
    "approvals",
    "events",
    "workflows",
    "workflows/canary",
    "environments",
    "runners",
  ];

  test.each(["light", "dark"] as const)(
    "has no fault that axe finds, %s, and has its picture taken",
    async (theme) => {
      const { page, faults } = await pageOf(browser, { url: sluice.url, token: sluice.adminToken, theme });
      const { runs } = await sluice.admin.get<{ runs: RunSummary[] }>("/v1/runs", {
        query: { workflow: "canary" },
      });
      const run = `runs/${runs[0]?.id}`;
      const found: string[] = [];
      for (const view of [...views, run, `${run}?tab=log`, `${run}?tab=script`, `${run}?tab=journal`]) {
        await page.goto(`${sluice.url}/${view}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.getByText("Live", { exact: true }).waitFor();
        await page.waitForLoadState("networkidle");
        const name = view.replace(/run_[0-9a-f]+/, "run").replaceAll(/[/?=]/g, "-") || "overview";
        await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) });
        found.push(...(await axe(page)).map((fault) => `${view} ${fault}`));
      }
      expect(found).toEqual([]);
      expect(faults).toEqual([]);
      await page.context().close();
    },
  );

  test("stays within its narrow screen", async () => {
    const { page } = await pageOf(browser, { url: sluice.url, token: sluice.adminToken, width: 390 });
    for (const view of views) {
      await page.goto(`${sluice.url}/${view}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.screenshot({
        path: join(pictures, `${view.replaceAll("/", "-") || "overview"}-narrow.png`),
      });
      expect(await page.evaluate("document.documentElement.scrollWidth"), view).toBeLessThanOrEqual(390);
    }
    await page.context().close();
  });
});
