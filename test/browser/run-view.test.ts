// What the view of a run can show: long timelines, logs, where the script is.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { goTo } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { register, registerSource, runOnce, send } from "./stories.ts";

const ACTIVITIES = 10_600;
/** As many as come with the run itself. */
const NEWEST = 10_000;
const long = `
def long(w, ev):
    for _ in range(${ACTIVITIES}):
        w.now()

on_event(type = "com.example.long", handler = long)
`;
const { sluice, signIn } = useSluice();

test("ten thousand activities are scrolled through with a screenful of them in the page, and more are read by pages", async () => {
  await registerSource(sluice, "long", long);
  const run = await send(sluice, "com.example.long", {});
  await runOnce(sluice, run, ({ state }) => state === "succeeded");
  const page = await signIn();
  await goTo(page, `${sluice.url}/runs/${run}`);
  const rows = page.locator(".activity");
  await rows.first().waitFor();
  for (const part of [0.5, 1]) {
    await page.evaluate(`scrollTo(0, document.documentElement.scrollHeight * ${part})`);
    const wanted = part === 1 ? NEWEST : Math.round(NEWEST * 0.5);
    await page.locator(`.activity[aria-posinset="${wanted}"]`).waitFor();
    expect(await rows.count()).toBeLessThan(120);
  }

  const pages = page.getByRole("navigation", { name: "Pages of activities" });
  await pages.getByText("601 to 10,600 of 10,600 activities").waitFor();
  await pages.getByRole("link", { name: "Earlier" }).click();
  await pages.getByText("1 to 1,000 of 10,600 activities").waitFor();
  await page.evaluate("scrollTo(0, 0)");
  await rows.first().click();
  await page.getByRole("complementary", { name: "Activity" }).waitFor();
  expect(new URL(page.url()).searchParams.get("first")).toBe("1");
  // The address has it all.
  await page.reload();
  await page.getByRole("complementary", { name: "Activity" }).waitFor();
  await pages.getByRole("link", { name: "Newest" }).click();
  await pages.getByText("601 to 10,600").waitFor();
});

test("a log is coloured, searched, and taken along", async () => {
  await register(sluice, "showcase");
  const run = await send(sluice, "com.example.showcase", { title: "log" });
  const page = await signIn();
  await goTo(page, `${sluice.url}/runs/${run}?tab=log`);
  const line = page.locator(".log-line", { hasText: "eu takes traffic" });
  await line.waitFor();
  expect(await line.locator(".ansi-2").textContent()).toBe("eu");
  await page.getByText("eu is complete").waitFor();
  await page.getByLabel("Search the log").fill("TAKES");
  await page.getByText("2 lines").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe(`${run}.log`);
  expect(readFileSync(await file.path(), "utf8")).toContain("starting log\n");
});

test("a run that failed is begun again from the call that it failed with", async () => {
  const needs = `def main(w, ev):\n    """Needs another."""\n    return w.start("needed")\n\non_event(type = "com.example.needs", handler = main)\n`;
  await registerSource(sluice, "needs", needs);
  const run = await send(sluice, "com.example.needs", {});
  await runOnce(sluice, run, ({ state }) => state === "failed");
  const page = await signIn();
  await goTo(page, `${sluice.url}/runs/${run}`);
  await page.getByText(run).waitFor();
  await registerSource(
    sluice,
    "needed",
    `def main(w, ev):\n    """Is needed."""\n    return "here"\n\non_start(main)\n`,
  );
  await page.getByRole("button", { name: "Restart" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill("it is there now");
  await dialog.getByRole("button", { name: "Restart" }).click();
  await page.getByText("Fork of").waitFor();
  await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
  expect(page.url()).not.toContain(run);
  expect(await page.getByRole("button", { name: "Restart" }).count()).toBe(0);
});
