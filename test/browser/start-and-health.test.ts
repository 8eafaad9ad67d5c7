// Starting a workflow by its fields, what an event says of runs that wait, and the health of what is deployed, in real
// Chromium on the real Worker.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalSluice } from "../end-to-end/local-sluice.ts";
import { axeFaults, openBrowser, personWith } from "./browser.ts";

const pictures = resolve(import.meta.dirname, "..", "..", "coverage", "screenshots");
const sluice = new LocalSluice({ timeScale: 600 });
let browser: Browser;

const source = `
def ship(w, ev):
    """Waits until the version that was asked for is well."""
    w.wait_for_event(type = "dev.sluice.deployment.health", match = {
        "data.app": ev["data"]["service"],
        "data.status": "healthy",
    })
    return ev["data"]

on_start(ship, inputs = {
    "service": {"type": "choice", "options": ["shop", "search"], "label": "Service", "required": True},
    "version": {"type": "string", "label": "Version", "required": True, "pattern": "v[0-9.]+", "help": "A release's tag."},
    "share": {"type": "number", "label": "Share", "max": 1, "default": 0.1},
})
`;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  await sluice.start();
  browser = await openBrowser();
  await sluice.admin.put("/v1/workflows/ship", {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  await sluice.admin.put("/v1/environments/shown", { body: { tier: "production" } });
});
afterAll(async () => {
  await browser?.close();
  await sluice.stop();
});

async function report(status: string, message: string): Promise<void> {
  await sluice.admin.post("/v1/events", {
    headers: { "content-type": "application/cloudevents+json" },
    rawBody: JSON.stringify({
      specversion: "1.0",
      id: crypto.randomUUID(),
      source: "/argo",
      type: "dev.sluice.deployment.health",
      data: { environment: "shown", app: "shop", status, message, revision: "v1.4" },
    }),
  });
}

async function looksRight(page: Page, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    expect(await axeFaults(page)).toEqual([]);
    await page.screenshot({ path: join(pictures, `${name}-${theme}.png`), fullPage: true });
  }
}

test("a start is filled in by fields, a report of health is shown, and says whom it did not wake", async () => {
  const { page, faults } = await personWith(browser, { url: sluice.url, token: sluice.adminToken });
  await page.goto(`${sluice.url}/workflows/ship`);
  await page.getByText("Start a run").click();
  await page.getByLabel("Service").selectOption("shop");
  await page.getByRole("textbox", { name: "Version" }).fill("1.4");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  // What the server refuses stands beside the field that it is about.
  await page.locator(".field", { hasText: "Version" }).getByText("must match v[0-9.]+").waitFor();
  expect(await page.getByRole("textbox", { name: "Version" }).getAttribute("aria-invalid")).toBe("true");
  await looksRight(page, "start-form");
  await page.getByRole("textbox", { name: "Version" }).fill("v1.4");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.waitForURL(/\/runs\/run_/);
  await page.getByText("waiting for an event").first().waitFor();

  await page.goto(`${sluice.url}/`);
  await page.getByRole("article", { name: "shown" }).getByText("Nothing is deployed here yet.").waitFor();
  await report("degraded", "1 of 3 pods is <b>ready</b>");
  const row = page.getByRole("article", { name: "shown" });
  await row.getByText("degraded").waitFor();
  await row.getByText("1 of 3 pods is <b>ready</b>").waitFor();
  await looksRight(page, "overview-health");

  await row.getByRole("link", { name: "degraded" }).click();
  await page.getByText('data.status is "degraded", not "healthy"').first().waitFor();
  await looksRight(page, "event-not-woken");

  await report("healthy", "");
  await page.goto(`${sluice.url}/environments/shown`);
  const health = page.getByRole("region", { name: "Health" });
  await health.getByText("healthy").waitFor();
  await health.getByText("degraded").waitFor();
  await looksRight(page, "environment-health");
  expect(faults).toEqual([]);
});
