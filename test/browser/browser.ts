// Chromium with a fresh profile, and pages that remember what went wrong in them.
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.ts";

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium here: install it, or name one in CHROMIUM");
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });
}

/** A page of somebody's own: signed in with the token, as the link of `npm start` does. */
export async function pageOf(
  browser: Browser,
  options: { url: string; token: string; theme?: "light" | "dark"; width?: number },
): Promise<{ page: Page; faults: string[] }> {
  const { url, token, theme = "light", width = 1360 } = options;
  const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: theme });
  // A loaded machine is slow, not wrong.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
  });
  await page.goto(`${url}/#token=${token}`);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  return { page, faults };
}
