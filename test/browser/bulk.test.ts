// What an operator does to many runs at once, in real Chromium on the real Worker.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { RunSummary } from "../../src/protocol/run.ts";
import { eventually } from "../end-to-end/local-sluice.ts";
import { axeFaults, goTo } from "./browser.ts";
import { takePicture, useSluice } from "./fixture.ts";
import { registerSource, send, tokenOf } from "./stories.ts";

const { sluice, signIn } = useSluice({ timeScale: 1 });

/** Begins so many runs of a workflow of this name, which wait; answers when lists have them. */
async function waiting(name: string, count: number): Promise<string[]> {
  const source = `def main(w, ev):\n    """Waits."""\n    w.sleep(days = 9)\n\non_event(type = "t.${name}", handler = main)\n`;
  await registerSource(sluice, name, source);
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await send(sluice, `t.${name}`, {}));
  await eventually(`${count} runs of ${name}`, async () =>
    (await runsOf(name)).filter(({ state }) => state === "waiting").length === count ? true : undefined,
  );
  return ids;
}

async function runsOf(workflow: string): Promise<RunSummary[]> {
  const { runs } = await sluice.admin.get<{ runs: RunSummary[] }>("/v1/runs", {
    query: { workflow, limit: 500 },
  });
  return runs;
}

async function at(path: string, look: Parameters<typeof signIn>[0] = {}): Promise<Page> {
  const page = await signIn(look);
  await goTo(page, `${sluice.url}/${path}`);
  return page;
}

async function choose(page: Page, verb: string): Promise<void> {
  // The box itself is not seen: a person presses the word.
  await page.getByRole("dialog").locator(".chip", { hasText: verb }).click();
}

test("all that a filter finds are cancelled, once one has said why, and each is told of", async () => {
  const ids = await waiting("found", 3);
  await waiting("not-found", 1);
  const token = await tokenOf(sluice, "olivia", "operator");
  const page = await at("runs?workflow=found", { token });
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Cancel");
  await dialog.getByText("3 runs", { exact: true }).waitFor();
  const cancel = dialog.getByRole("button", { name: "Cancel: 3 runs" });
  await cancel.click();
  await dialog.getByLabel("Why").fill("   ");
  await cancel.click();
  expect((await runsOf("found")).map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting"]);
  await dialog.getByLabel("Why").fill("wrong version");
  // It ends by itself, after it was counted.
  await sluice.admin.post(`/v1/runs/${ids[0]}/operations`, {
    body: { operation: { action: "skip", command: "0#1" }, reason: "" },
  });
  await cancel.click();
  await dialog.getByText("2 asked to stop, 1 refused.").waitFor();
  await dialog.getByText("the run has succeeded already").waitFor();
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await expect
    .poll(async () => (await runsOf("found")).map(({ state }) => state).sort(), { timeout: 20_000 })
    .toEqual(["cancelled", "cancelled", "succeeded"]);
  expect((await runsOf("not-found")).map(({ state }) => state)).toEqual(["waiting"]);
  const { records } = await sluice.admin.get<{ records: unknown[] }>(`/v1/runs/${ids[1]}/journal`);
  expect(JSON.stringify(records)).toContain('"by":"olivia","reason":"wrong version"');
});

test("runs are picked by keyboard, and those that it is not for are left out, with why", async () => {
  const ids = await waiting("picked", 4);
  await sluice.admin.post(`/v1/runs/${ids[2]}/operations`, {
    body: { operation: { action: "pause" }, reason: "lunch" },
  });
  const page = await at("runs?workflow=picked");
  await page.getByRole("link", { name: /paused by admin: lunch/ }).waitFor();
  const boxes = page.getByRole("checkbox", { name: /Pick picked/ });
  await boxes.first().focus();
  await page.keyboard.press("Space");
  await boxes.nth(2).click({ modifiers: ["Shift"] });
  await page.getByText("3 runs picked").waitFor();
  await page.getByRole("button", { name: "Act on them" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Act on 3 runs that you picked" }).waitFor();
  await dialog.getByRole("radio", { name: "Cancel" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await dialog.getByText("2 of 3 runs").waitFor();
  await dialog.getByText("1 left out, and why").click();
  await dialog.getByText("admin has paused it before").waitFor();
  await dialog.getByLabel("Why").fill("freeze");
  await page.keyboard.press("Enter");
  await dialog.getByText("2 paused.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  const paused = await Promise.all(
    ids.map(async (id) => (await sluice.admin.get<RunSummary>(`/v1/runs/${id}`)).paused?.reason),
  );
  expect(paused).toEqual([undefined, "freeze", "lunch", "freeze"]);
  // In another list nothing is picked, for one would not see what.
  await page.getByRole("button", { name: "succeeded" }).click();
  await page.getByText("No run matches").waitFor();
  expect(await page.getByText("3 runs picked").count()).toBe(0);
  await page.getByRole("button", { name: "succeeded" }).click();
  await page.getByRole("link", { name: /paused by admin: lunch/ }).waitFor();
  await boxes.first().waitFor();
  expect(await page.getByText(/runs? picked$/).count()).toBe(0);
  // Nor does Shift pick from where it was picked before there was nothing picked.
  await boxes.first().check();
  await page.getByRole("button", { name: "Pick none" }).click();
  await boxes.nth(2).click({ modifiers: ["Shift"] });
  await page.getByText("1 run picked").waitFor();
});

test("it is stopped, fails and goes on, and no run is forgotten", async () => {
  await waiting("many", 45);
  // By the menu, so that Back would be a step within the page.
  const page = await at("approvals");
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByLabel("Search runs").fill("many");
  await page.getByRole("checkbox", { name: "Pick all listed: 45 runs" }).waitFor();
  let asked = 0;
  let release = () => {};
  const isHeld = new Promise<void>((heard) => {
    void page.route("**/v1/runs/operations", async (route) => {
      asked += 1;
      if (asked === 1) return await route.continue();
      if (asked === 3) return await route.abort();
      if (asked > 3) return await route.continue();
      heard();
      await new Promise<void>((done) => {
        release = done;
      });
      await route.continue();
    });
  });
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Pause");
  await dialog.getByLabel("Why").fill("incident");
  await dialog.getByRole("button", { name: "Pause: 45 runs" }).click();
  await isHeld;
  await dialog.getByText("20 paused, 25 to go").waitFor();
  // Keys that slip stop nothing, hide nothing, and lead nowhere.
  for (const key of ["Escape", "g", "o", "Control+k"]) await page.keyboard.press(key);
  await page.evaluate("history.back()");
  await dialog.getByRole("button", { name: "Stop" }).click();
  await dialog.getByRole("button", { name: "Stopping…" }).waitFor();
  expect(await page.getByRole("combobox", { name: "Go to" }).count()).toBe(0);
  release();
  await dialog.getByText("40 paused, 5 not asked").waitFor();
  const goOn = dialog.getByRole("button", { name: "Go on with 5 runs" });
  await goOn.click();
  await dialog.getByRole("alert").getByText("The server cannot be reached").waitFor();
  await goOn.click();
  await dialog.getByText("45 paused.").waitFor();
  await expect
    .poll(async () => (await runsOf("many")).filter(({ paused }) => paused?.reason === "incident").length, {
      timeout: 20_000,
    })
    .toBe(45);
});

test("a run that has not been heard of is asked again, and is not said to have refused", async () => {
  const ids = await waiting("unheard", 2);
  const page = await at("runs?workflow=unheard");
  let asked = 0;
  await page.route("**/v1/runs/operations", async (route) => {
    asked += 1;
    const response = await route.fetch();
    // The answer to the second, which had done it, is lost with the line.
    if (asked === 2) return await route.abort();
    if (asked > 2) return await route.fulfill({ response });
    const refused = [{ id: ids[0], code: "unavailable", detail: "the run did not answer" }];
    await route.fulfill({ response, json: { done: [ids[1]], refused } });
  });
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Pause");
  await dialog.getByLabel("Why").fill("incident");
  await dialog.getByRole("button", { name: "Pause: 2 runs" }).click();
  await dialog.getByText("1 paused, 1 not heard of").waitFor();
  await dialog.getByRole("alert").getByText("1 run gave no answer: the run did not answer").waitFor();
  const goOn = dialog.getByRole("button", { name: "Go on with 1 run" });
  await goOn.click();
  await dialog.getByRole("alert").getByText("The server cannot be reached").waitFor();
  await goOn.click();
  await dialog.getByText("1 paused, 1 refused.").waitFor();
  await dialog.getByText("1 of these had been asked before").waitFor();
});

test("what was stopped stays picked, and nothing else does", async () => {
  await waiting("stopped", 25);
  const page = await at("runs?workflow=stopped");
  let release = () => {};
  const isHeld = new Promise<void>((heard) => {
    void page.route("**/v1/runs/operations", async (route) => {
      heard();
      await new Promise<void>((done) => {
        release = done;
      });
      await route.continue();
    });
  });
  await page.getByRole("checkbox", { name: "Pick all listed: 25 runs" }).check();
  await page.getByRole("button", { name: "Act on them" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Pause");
  await dialog.getByLabel("Why").fill("incident");
  await dialog.getByRole("button", { name: "Pause: 25 runs" }).click();
  await isHeld;
  await dialog.getByRole("button", { name: "Stop" }).click();
  release();
  await dialog.getByText("20 paused, 5 not asked").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByText("5 runs picked").waitFor();
});

test("of more than are read at once, the older ones are reached by passing over the newest", async () => {
  await waiting("older", 1);
  const page = await at("runs?workflow=older");
  const [one] = await runsOf("older");
  await page.route(/\/v1\/runs\?.*limit=500/, async (route) => {
    const cursor = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const count = cursor < 20 ? 500 : 7;
    const runs = Array.from({ length: count }, (_, number) => ({ ...one, id: `run_${cursor}_${number}` }));
    await route.fulfill({ json: { runs, ...(cursor < 20 && { next: String(cursor + 1) }) } });
  });
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Retry now");
  await dialog.getByText("There are older ones, which this leaves as they are").waitFor();
  await dialog.getByRole("button", { name: "Retry now: 10,000 runs" }).waitFor();
  await dialog.getByRole("button", { name: "Pass over these" }).click();
  await dialog.getByRole("button", { name: "Retry now: 7 runs" }).waitFor();
  // Another operation may be for the newest again.
  await choose(page, "Pause");
  await dialog.getByRole("button", { name: "Pause: 10,000 runs" }).waitFor();
});

test("every run there is must be meant", async () => {
  await waiting("every", 1);
  const page = await at("runs");
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Every run there is").waitFor();
  await choose(page, "Retry now");
  await dialog.getByLabel("Why").fill("the network is back");
  await dialog.getByRole("button", { name: /^Retry now: / }).click();
  const meant = dialog.getByRole("checkbox", { name: /all of them/ });
  expect(await meant.evaluate((box) => box === document.activeElement)).toBe(true);
  await meant.check();
  await dialog.getByRole("button", { name: /^Retry now: / }).click();
  await dialog.getByText(/^0 tried again, \d+ refused\.$/).waitFor();
});

test("a viewer picks nothing", async () => {
  await waiting("watched", 1);
  const token = await tokenOf(sluice, "looker", "viewer");
  const page = await at("runs?workflow=watched", { token });
  await page.getByRole("link", { name: /watched/ }).waitFor();
  expect(await page.getByRole("checkbox").count()).toBe(0);
  expect(await page.getByRole("button", { name: /Act on/ }).count()).toBe(0);
});

test.each([
  ["light", 1360],
  ["dark", 1360],
  ["dark", 390],
] as const)("axe finds nothing while many are acted on, %s, %i wide", async (theme, width) => {
  await waiting(`looked-at-${theme}-${width}`, 2);
  const page = await at("runs", { theme, width });
  const found: string[] = [];
  const look = async (name: string) => {
    await takePicture(page, `bulk-${name}-${theme}-${width}`);
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    const scrolled = Number(await page.evaluate("document.documentElement.scrollWidth"));
    if (scrolled > width) found.push(`${name}: ${scrolled - width} pixels stick out`);
  };
  const boxes = page.getByRole("checkbox", { name: /Pick looked-at/ });
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await look("picked");
  await page.getByRole("button", { name: "Act on many" }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, "Resume");
  await dialog.getByText(/left out, and why/).click();
  await look("left-out");
  await choose(page, "Terminate");
  await dialog.getByLabel("Runs it is for").waitFor();
  await look("every");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Act on them" }).click();
  await choose(page, "Terminate");
  await dialog.getByLabel("Why").fill("seen enough");
  await dialog.getByRole("button", { name: "Terminate: 2 runs" }).click();
  await dialog.getByText("2 runs terminated").click();
  await look("done");
  expect(found).toEqual([]);
});
