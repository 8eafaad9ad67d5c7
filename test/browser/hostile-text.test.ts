// Text that somebody outside chose stays text, wherever it is shown.
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { goTo } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { register, release, runOnce, send } from "./stories.ts";

const hostile = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;
const { sluice, signIn } = useSluice();
let shown: string;
let held: string;

beforeAll(async () => {
  await register(sluice, "showcase");
  held = await release(sluice);
  shown = await send(sluice, "com.example.showcase", { title: hostile });
  await sluice.admin.post(`/v1/runs/${shown}/operations`, {
    body: { operation: { action: "pause" }, reason: hostile },
  });
  await sluice.admin.put("/v1/environments/hostile", {
    body: {
      tier: "production",
      labels: { note: hostile },
      targets: [{ function: hostile, inputs: { app: hostile } }],
      freezes: [{ name: hostile, from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", reason: hostile }],
    },
  });
  await runOnce(sluice, held, ({ waitingFor }) => waitingFor.startsWith("held"));
});

/** That the text can be read, and that nothing has been made of it. */
async function isText(page: Page): Promise<void> {
  await page.getByText("onerror=").filter({ visible: true }).first().waitFor();
  await isNothingMade(page);
}

async function isNothingMade(page: Page): Promise<void> {
  const made = await page.evaluate(
    `document.querySelectorAll("img[src='x'], #root script, [onerror]").length`,
  );
  expect(made).toBe(0);
  expect(await page.title()).not.toBe("broken");
}

test("in labels, status, outputs, reasons, logs, journals and payloads of runs", async () => {
  const page = await signIn();
  for (const tab of ["timeline", "log", "journal"]) {
    await goTo(page, `${sluice.url}/runs/${shown}?tab=${tab}`);
    await isText(page);
  }
  await page
    .getByText(/^record/)
    .first()
    .click();
  await isText(page);
  await goTo(page, `${sluice.url}/runs`);
  await page.getByRole("link", { name: /showcase/ }).waitFor();
  await isNothingMade(page);
  await goTo(page, `${sluice.url}/events`);
  await page
    .getByRole("link", { name: /com.example.showcase/ })
    .first()
    .click();
  await page.getByText("Send again…").waitFor();
  await isText(page);
});

test("in settings of environments and in addresses", async () => {
  const page = await signIn();
  await isText(page);
  await goTo(page, `${sluice.url}/environments`);
  await page.getByRole("link", { name: "hostile", exact: true }).click();
  await page.locator("dd", { hasText: "<img" }).waitFor();
  await isText(page);
  await page.goto(`${sluice.url}/runs?initiator=${encodeURIComponent(hostile)}`);
  await page.getByText("No run matches").waitFor();
  expect(await page.title()).not.toBe("broken");
  await page.goto(`${sluice.url}/runs/${encodeURIComponent(hostile)}`);
  await page.locator(".problem").waitFor();
  expect(await page.title()).not.toBe("broken");
});

test("in comments of decisions", async () => {
  const page = await signIn();
  await goTo(page, `${sluice.url}/approvals`);
  const approval = page.getByRole("article", { name: /^Approval of/ });
  await approval.getByLabel("Comment").fill(hostile);
  await approval.getByRole("button", { name: "Deny" }).click();
  await page.getByRole("heading", { name: "Decided" }).waitFor();
  await isText(page);
  await goTo(page, `${sluice.url}/runs/${held}?command=0%234`);
  await isText(page);
});
