// The main job, clicked through: a release is published, the canary soaks, policy holds production, a person decides.
import { expect, test } from "vitest";
import { goTo } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { release, tokenOf } from "./stories.ts";

const { sluice, signIn } = useSluice();

test("goes from webhook to approval to healthy without a reload", async () => {
  const token = await tokenOf(sluice, "release-manager", "operator");
  const page = await signIn({ token });
  await page.evaluate("window.notReloaded = true");
  await release(sluice);
  await page
    .getByRole("region", { name: "Moving now" })
    .getByRole("link", { name: /canary Hello-World/ })
    .click();
  await page.getByRole("heading", { name: "canary Hello-World" }).waitFor();
  const approval = page.getByRole("article", { name: /^Approval of/ });
  await approval.getByText("production needs approval").waitFor();
  await approval.getByLabel("Comment").fill("looks healthy");
  await approval.getByRole("button", { name: "Approve" }).click();
  await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
  await page.getByRole("link", { name: /reconcile@v1 Hello-World-production/ }).click();
  await page.getByText("Approved by release-manager: looks healthy").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("article", { name: "production" }).getByText("Hello-World-production").waitFor();
  expect(await page.evaluate("window.notReloaded")).toBe(true);
});

test("of two people who decide at once one decides, and the other is told so", async () => {
  const run = await release(sluice);
  const people = await Promise.all(
    ["first", "second"].map(async (name) => signIn({ token: await tokenOf(sluice, name, "operator") })),
  );
  // Neither decision reaches the server before both are made.
  let decided = 0;
  let both: () => void = () => undefined;
  const bothDecided = new Promise<void>((resolve) => {
    both = resolve;
  });
  for (const page of people) {
    await page.route(/\/v1\/approvals\/run_/, async (route) => {
      decided += 1;
      if (decided === people.length) both();
      await bothDecided;
      await route.continue();
    });
    await goTo(page, `${sluice.url}/runs/${run}`);
    await page.getByRole("button", { name: "Approve" }).waitFor();
  }
  for (const page of people) await page.getByRole("button", { name: "Approve" }).click();
  const sentences = await Promise.all(
    people.map(async (page) => {
      await page.locator(".run-state .state", { hasText: "succeeded" }).waitFor();
      return await page.locator(".notice p").allTextContents();
    }),
  );
  expect(sentences.flat()).toEqual([
    expect.stringMatching(
      /^Your decision did not count: the approval was approved by (first|second) before\.$/,
    ),
  ]);
  const { entries } = await sluice.admin.get<{ entries: { action: string; data: { run?: string } }[] }>(
    "/v1/audit",
  );
  expect(
    entries.filter(({ action, data }) => action === "approval.approve" && data.run === run),
  ).toHaveLength(1);
});
