// Chromium with a fresh profile, and pages that remember what went wrong in them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium here: install it, or name one in CHROMIUM");
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });
}

export interface Person {
  page: Page;
  /** Errors of scripts, and what the page's policy has refused. */
  faults: string[];
  leave(): Promise<void>;
}

/** Somebody with a browser of their own, signed in with the token as the link of `npm start` does it. */
export async function personWith(
  browser: Browser,
  options: { url: string; token: string; theme?: "light" | "dark"; width?: number },
): Promise<Person> {
  const { url, token, theme = "light", width = 1360 } = options;
  const context = await browser.newContext({
    viewport: { width, height: 860 },
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  // A loaded machine is slow, not wrong.
  context.setDefaultTimeout(90_000);
  const faults: string[] = [];
  const watch = (page: Page) => {
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
  };
  context.on("page", watch);
  const page = await context.newPage();
  await page.goto(`${url}/#token=${token}`);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await isLive(page);
  return { page, faults, leave: () => context.close() };
}

export async function isLive(page: Page): Promise<void> {
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Goes by a link of the application's own, as a person would who has its address; answers when the view is there. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await isLive(page);
  await page.waitForLoadState("networkidle");
}

/** What axe finds on the page as it is. */
export async function axeFaults(page: Page): Promise<string[]> {
  // Evaluated over the debugger, which the policy of the page does not bind; a script tag would be refused.
  await page.evaluate(axeSource);
  const { violations } = (await page.evaluate("axe.run()")) as {
    violations: { id: string; nodes: { target: string[] }[] }[];
  };
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
}
