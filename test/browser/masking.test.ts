// What people see in the place of what only a runner gets.
import { expect, test } from "vitest";
import { axeFaults, goTo } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { registerSource, runOnce, send } from "./stories.ts";

// The tag is one that no runner has: the run waits as long as somebody looks at it.
const source = `
def main(w, ev):
    print("logs in with", ev["data"]["token"])
    w.run(
        "example.com/login@v1",
        {"registry": {"host": "eu", "token": ev["data"]["token"]}, "url": "https://x:%s@eu" % ev["data"]["token"]},
        sensitive = ["registry.token"],
        tags = ["nobody-has-it"],
    )

on_event(type = "com.example.masked", handler = main)
`;
const { sluice, signIn } = useSluice({ timeScale: 1 });

test("a masked value is a chip that says why, in trees and in the log, and the page holds no secret", async () => {
  const token = `s3cret-${crypto.randomUUID()}`;
  await registerSource(sluice, "masked", source);
  const run = await send(sluice, "com.example.masked", { token });
  await runOnce(sluice, run, ({ waitingFor }) => waitingFor.includes("a runner"));
  for (const theme of ["light", "dark"] as const) {
    const page = await signIn({ theme });
    await goTo(page, `${sluice.url}/runs/${run}`);
    await page.locator(".activity").first().click();
    const panel = page.getByRole("complementary", { name: "Activity" });
    const leaf = panel.locator(".tree-leaf", { hasText: "token" }).locator(".masked");
    await leaf.first().waitFor();
    expect(await leaf.first().getAttribute("title")).toBe("sensitive: only the runner gets it");
    const url = panel.locator(".tree-leaf", { hasText: "url" }).first();
    expect(await url.textContent()).toContain("https://x:•••");
    expect(await url.locator(".masked").count()).toBe(1);
    expect(await axeFaults(page)).toEqual([]);
    expect(await page.content()).not.toContain(token);
    await goTo(page, `${sluice.url}/runs/${run}?tab=log`);
    await page.locator(".log-line .masked").first().waitFor();
    expect(await page.content()).not.toContain(token);
  }
});
