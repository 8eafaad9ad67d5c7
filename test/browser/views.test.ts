// Every view, in both themes and on a narrow screen: nothing for axe to find, nothing that sticks out, and a picture.
import { beforeAll, expect, test } from "vitest";
import { eventually } from "../end-to-end/local-sluice.ts";
import { axeFaults, goTo, isLive } from "./browser.ts";
import { takePicture, useSluice } from "./fixture.ts";
import { register, release, runOnce, send, tokenOf } from "./stories.ts";

// Slow enough for the longest waits to outlast the test, and for the canary to be held soon.
const { sluice, signIn } = useSluice();
/** The views by the names of their pictures. */
const views: Record<string, string> = {
  overview: "",
  runs: "runs",
  approvals: "approvals",
  events: "events",
  workflows: "workflows",
  workflow: "workflows/canary",
  environments: "environments",
  environment: "environments/production",
  runners: "runners",
};

beforeAll(async () => {
  await register(sluice, "showcase");
  // One that is deployed, one that waits for its approval, one that shows the rest.
  const done = await release(sluice);
  await approve(done);
  const held = await release(sluice);
  const shown = await send(sluice, "com.example.showcase", { title: "Payments 2.4" });
  await runOnce(sluice, held, ({ waitingFor }) => waitingFor.startsWith("held"));
  Object.assign(views, {
    "run-done": `runs/${done}`,
    "run-held": `runs/${held}`,
    "run-activity": `runs/${held}?command=0%234`,
    "run-showcase": `runs/${shown}`,
    "run-log": `runs/${shown}?tab=log`,
    "run-script": `runs/${shown}?tab=script`,
    "run-journal": `runs/${held}?tab=journal`,
  });
});

async function approve(run: string): Promise<void> {
  await runOnce(sluice, run, ({ waitingFor }) => waitingFor.startsWith("held"));
  // The directory hears of it after the run knows.
  const id = await eventually("the approval", async () => {
    const { approvals } = await sluice.admin.get<{ approvals: { id: string; run: string }[] }>(
      "/v1/approvals",
    );
    return approvals.find((approval) => approval.run === run)?.id;
  });
  await sluice.admin.post(`/v1/approvals/${encodeURIComponent(id)}`, {
    body: { decision: "approve", comment: "canary looks healthy" },
  });
  await runOnce(sluice, run, ({ state }) => state === "succeeded");
}

test.each([
  ["light", 1360],
  ["dark", 1360],
  ["light", 390],
] as const)("axe finds nothing in any view, %s, %i wide, and none sticks out", async (theme, width) => {
  const token = await tokenOf(sluice, "ann", "operator");
  const page = await signIn({ token, theme, width });
  const found: string[] = [];
  for (const [name, address] of Object.entries(views)) {
    await goTo(page, `${sluice.url}/${address}`);
    const suffix = width < 900 ? `${theme}-narrow` : theme;
    await takePicture(page, `${name}-${suffix}`);
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    const scrolled = Number(await page.evaluate("document.documentElement.scrollWidth"));
    if (scrolled > width) found.push(`${name}: ${scrolled - width} pixels stick out`);
  }
  expect(found).toEqual([]);
});

test.each(["light", "dark"] as const)(
  "axe finds nothing in dialogs, menus and at the door, %s",
  async (theme) => {
    const page = await signIn({ theme });
    const found: string[] = [];
    const look = async (name: string) => {
      await takePicture(page, `${name}-${theme}`);
      found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    };
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
    await look("help");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to" }).fill("run");
    await look("palette");
    await page.keyboard.press("Escape");
    await goTo(page, `${sluice.url}/${views["run-showcase"]}`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor();
    await look("ask");
    await page.keyboard.press("Escape");
    await goTo(page, `${sluice.url}/environments`);
    await page.getByRole("button", { name: "New environment" }).click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await look("environment-editor");
    await page.getByLabel("Account of admin").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await look("sign-in");
    expect(found).toEqual([]);
  },
);

test("what is not there is told of with a way on, and the page stays live", async () => {
  const page = await signIn();
  const missing = {
    nothing: "There is nothing at this address.",
    [`runs/run_${"0".repeat(32)}`]: "no run has this id",
    "workflows/nope": "There is no workflow nope.",
    "environments/nope": "There is no environment nope.",
  };
  for (const [address, says] of Object.entries(missing)) {
    await page.goto(`${sluice.url}/${address}`);
    await page.getByText(says).waitFor();
    await isLive(page);
    expect(await page.getByRole("alert").filter({ hasText: /./ }).count()).toBeLessThanOrEqual(1);
    expect(await page.getByRole("main").getByRole("link").count()).toBeGreaterThan(0);
    expect(await axeFaults(page)).toEqual([]);
  }
});

test("files of the build may be kept for ever, and what is not there may yet come", async () => {
  const page = await (await fetch(sluice.url, { headers: { accept: "text/html" } })).text();
  const [file] = page.match(/\/assets\/[^"]+\.js/) ?? [];
  const found = await fetch(`${sluice.url}${file}`);
  expect([found.status, found.headers.get("cache-control")]).toEqual([
    200,
    "public, max-age=31536000, immutable",
  ]);
  const missing = await fetch(`${sluice.url}/assets/of-another-version.js`);
  expect([missing.status, missing.headers.get("cache-control")]).toEqual([404, "no-store"]);
});
