// Starting a workflow by its fields, what an event says of runs that wait, and the health of what is deployed, in real
// Chromium on the real Worker.
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { axeFaults } from "./browser.ts";
import { takePicture, useSluice } from "./fixture.ts";
import { post, registerSource } from "./stories.ts";

const { sluice, signIn } = useSluice();

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
  await registerSource(sluice, "ship", source);
  await sluice.admin.put("/v1/environments/shown", { body: { tier: "production" } });
});

async function report(status: string, message: string): Promise<void> {
  const data = { environment: "shown", app: "shop", status, message, revision: "v1.4" };
  await post(sluice, { type: "dev.sluice.deployment.health", data });
}

async function looksRight(page: Page, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    expect(await axeFaults(page)).toEqual([]);
    await takePicture(page, `${name}-${theme}`, { fullPage: true });
  }
}

test("a start is filled in by fields, a report of health is shown, and says whom it did not wake", async () => {
  const page = await signIn();
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
});

test("a start that has to wait for its place stays on the page, among what waits", async () => {
  await registerSource(
    sluice,
    "in-turn",
    'def main(w, ev):\n    w.wait_for_signal("go")\n\non_start(main, concurrency = concurrency())\n',
  );
  await sluice.admin.post("/v1/workflows/in-turn/runs", { body: {} });
  const page = await signIn();
  await page.goto(`${sluice.url}/workflows/in-turn`);
  await page.getByText("Start a run").click();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("status").getByText("it waits for a place in in-turn/start").waitFor();
  await page.getByRole("heading", { name: "Waiting to start" }).waitFor();
  await page.getByRole("button", { name: "Take it back" }).click();
  await page.getByRole("heading", { name: "Waiting to start" }).waitFor({ state: "detached" });
  expect(page.url()).toContain("/workflows/in-turn");
  expect(await axeFaults(page)).toEqual([]);
});
