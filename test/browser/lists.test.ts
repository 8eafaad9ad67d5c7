// The lists, searches and forms of the dashboard, in real Chromium on the real Worker.
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { axeFaults } from "./browser.ts";
import { takePicture, useSluice } from "./fixture.ts";
import { post, registerSource } from "./stories.ts";

const { sluice, signIn } = useSluice();

const source = (note: string) => `
def deliver(w, ev):
    """Delivers what the event names."""
    w.set_status("${note} " + str(ev["data"]))
    w.set_label("team", "checkout")

def nightly(w, ev):
    """Cleans up."""
    w.log("clean")

on_event(type = "com.example.listed", handler = deliver, filter = "event.data.n > 1 && event.data.ok", name = "big")
on_event(type = "com.example.listed", handler = deliver, match = {"data.kind": "small"}, name = "small")
on_schedule(cron = "0 3 * * *", timezone = "Europe/Berlin", handler = nightly)
on_start(deliver)
`;

beforeAll(async () => {
  await registerSource(sluice, "listed", source("first"));
  await registerSource(sluice, "listed", source("second"));
});

async function opened(
  path: string,
  options: { width?: number; theme?: "light" | "dark" } = {},
): Promise<Page> {
  const page = await signIn(options);
  await page.goto(`${sluice.url}/${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function send(data: object): Promise<void> {
  await post(sluice, { type: "com.example.listed", subject: "shop", data });
}

describe("runs", () => {
  test("are searched by words while one types, and the address says so", async () => {
    await send({ n: 5, ok: true, kind: "x" });
    const page = await opened("runs");
    await page
      .getByRole("link", { name: /listed/ })
      .first()
      .waitFor();
    await page.getByLabel("Search runs").fill("secon listed");
    await page.waitForURL(/text=secon/);
    await page
      .getByRole("link", { name: /listed/ })
      .first()
      .waitFor();
    await page.getByLabel("Search runs").fill("no-such-word-anywhere");
    await page.getByText("No run matches").waitFor();
    await page.getByRole("link", { name: "Clear" }).click();
    await page
      .getByRole("link", { name: /listed/ })
      .first()
      .waitFor();
    expect(await page.getByLabel("Search runs").inputValue()).toBe("");
    await page.getByLabel("Time").selectOption("Last hour");
    await page.waitForURL(/from=/);
    await page
      .getByRole("link", { name: /listed/ })
      .first()
      .waitFor();
  });

  test("that begin while a search is on screen come in, if they match, without being asked for", async () => {
    const page = await opened("runs?text=checkout");
    await page.getByText("Live", { exact: true }).waitFor();
    const before = await page.locator(".run-row").count();
    await send({ n: 7, ok: true, kind: "x" });
    await expect.poll(() => page.locator(".run-row").count(), { timeout: 20_000 }).toBe(before + 1);
  });
});

describe("events", () => {
  test("say what they did, and of each trigger that they were not for, why", async () => {
    await send({ n: 1, ok: true, kind: "large" });
    const page = await opened("events?text=large");
    await page
      .getByRole("link", { name: /com.example.listed/ })
      .first()
      .click();
    await page.getByText("its filter says no: event.data.n > 1 is false").waitFor();
    await page.getByText('data.kind is "large", not "small"').waitFor();
    expect(page.url()).toMatch(/event=\d+/);
    await takePicture(page, "event-light");
    await page.getByRole("link", { name: "Send again…" }).click();
    await expect.poll(() => page.getByLabel("Data, as JSON").inputValue()).toContain("large");
    await page.getByLabel("Data, as JSON").fill('{"n": 9');
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("The data is no JSON").waitFor();
    await page.getByLabel("Data, as JSON").fill('{"n": 9, "ok": true, "kind": "small"}');
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("was stored").waitFor();
    expect(await page.locator(".form-card .effects a", { hasText: "listed" }).count()).toBe(2);
  });

  test("are made ready for a trigger that one chooses", async () => {
    const page = await opened("workflows/listed");
    await page.getByRole("link", { name: "Send a test event" }).last().click();
    await expect.poll(() => page.getByLabel("Data, as JSON").inputValue()).toContain('"kind": "small"');
    expect(await page.getByLabel("Type", { exact: true }).inputValue()).toBe("com.example.listed");
  });
});

describe("a workflow", () => {
  test("tells what starts it, when next, and what each version changed", async () => {
    const page = await opened("workflows/listed");
    await page.getByText("At the times of cron 0 3 * * *, Europe/Berlin").waitFor();
    await page.getByText('whose data.kind is "small"').waitFor();
    await page.getByText("Next", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.locator(".diff-removed", { hasText: "first" }).waitFor();
    await page.locator(".diff-added", { hasText: "second" }).waitFor();
    await takePicture(page, "workflow-listed-light", { fullPage: true });
    await page.getByRole("link", { name: "Version 1", exact: true }).click();
    await page.getByRole("heading", { name: "Source of version 1" }).waitFor();
    expect(page.url()).toContain("version=1");
  });

  test("is started by hand once its input is JSON", async () => {
    const page = await opened("workflows/listed");
    await page.getByText("Start a run").click();
    await page.getByLabel("Input, as JSON").fill('{\n  "n": }');
    await page.getByText(/This is no JSON yet/).waitFor();
    expect(await page.getByRole("button", { name: "Start", exact: true }).isDisabled()).toBe(true);
    await page.getByLabel("Input, as JSON").fill('{"n": 3}');
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.waitForURL(/\/runs\/run_/);
    await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
  });
});

describe("an environment", () => {
  test("is created, frozen and labelled in a form, and shows its history", async () => {
    const page = await opened("environments");
    await page.getByRole("button", { name: "New environment" }).click();
    await page.getByLabel("Name").first().fill("form-made");
    await page.getByRole("button", { name: "Add a target" }).click();
    await page.getByLabel("Inputs, one on each line").fill("app=*-form\nregion=eu west");
    await page.getByRole("button", { name: "Add a freeze" }).click();
    await page.getByLabel("Name").last().fill("holidays");
    await page.getByLabel("From").fill("2036-12-20T00:00");
    await page.getByLabel("To").fill("2036-12-19T00:00");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("ends before it begins").first().waitFor();
    await page.getByLabel("To").fill("2037-01-02T00:00");
    await takePicture(page, "environment-form-light", { fullPage: true });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "form-made" }).click();
    await page.getByText("holidays").waitFor();
    await page.getByText("Nothing has been deployed here yet.").waitFor();
    const stored = await sluice.admin.get<{ targets: unknown[]; freezes: unknown[] }>(
      "/v1/environments/form-made",
    );
    expect(stored).toMatchObject({
      targets: [{ function: "*", inputs: { app: "*-form", region: "eu west" } }],
      freezes: [{ name: "holidays" }],
    });
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Edit" }).waitFor();
    const again = await sluice.admin.get<{ targets: unknown[]; freezes: unknown[] }>(
      "/v1/environments/form-made",
    );
    expect([again.targets, again.freezes]).toEqual([stored.targets, stored.freezes]);
  });
});

test.each(["light", "dark"] as const)("what unfolds has no fault that axe finds, %s", async (theme) => {
  const page = await signIn({ theme });
  const found: string[] = [];
  const look = async (view: string) => {
    await page.waitForLoadState("networkidle");
    await takePicture(page, `${view.replaceAll(/[/?=:]/g, "-")}-${theme}`);
    found.push(...(await axeFaults(page)).map((fault) => `${view} ${fault}`));
  };
  for (const view of ["runs?text=listed&from=2026-01-01T00:00:00Z", "events?event=1", "events?again=1"]) {
    await page.goto(`${sluice.url}/${view}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(view);
  }
  await page.goto(`${sluice.url}/workflows/listed`);
  await page.getByText("Start a run").click();
  await look("workflows/listed");
  await page.goto(`${sluice.url}/environments/production`);
  await look("environments/production");
  await page.getByRole("button", { name: "Edit" }).click();
  await look("environments/production?edited");
  expect(found).toEqual([]);
});

test("the lists stay within a narrow screen", async () => {
  const page = await signIn({ width: 390 });
  for (const view of [
    "runs?from=2026-01-01T00:00:00Z",
    "events?event=1",
    "workflows/listed",
    "environments/production",
  ]) {
    await page.goto(`${sluice.url}/${view}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForLoadState("networkidle");
    await takePicture(page, `${view.replaceAll(/[/?=:]/g, "-")}-narrow`);
    expect(await page.evaluate("document.documentElement.scrollWidth"), view).toBeLessThanOrEqual(390);
  }
});
