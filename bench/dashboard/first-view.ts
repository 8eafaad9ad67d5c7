// `npm run bench:first-view`: how much script a browser loads before the first view, and how long the view takes on a
// cold cache over localhost; then how long after an event an open page shows it. Chromium, the real Worker, and a fresh
// profile each time. Local: no network lies between, and the machine does both sides.
import { gzipSync } from "node:zlib";
import { openBrowser, personWith } from "../../test/browser/browser.ts";
import { LocalSluice } from "../../test/end-to-end/local-sluice.ts";

const ROUNDS = 7;
const ALLOWED_KB = 250;
const ALLOWED_MS = 1000;
const ALLOWED_NEWS_MS = 200;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const row = (what: string, measured: number, allowed: number, unit: string) =>
  console.log(
    `${what.padEnd(46)} ${measured.toFixed(0).padStart(6)} ${unit}   allowed ${allowed} ${unit}   ×${(measured / allowed).toFixed(2)}`,
  );

const sluice = new LocalSluice({ timeScale: 1 });
await sluice.start();
const browser = await openBrowser();
try {
  const times: number[] = [];
  let scripts = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const context = await browser.newContext();
    await context.request.post(`${sluice.url}/v1/session`, {
      data: { token: sluice.adminToken },
      headers: { origin: sluice.url },
    });
    const page = await context.newPage();
    scripts = 0;
    page.on("response", async (answer) => {
      if (answer.request().resourceType() === "script") {
        scripts += gzipSync(await answer.body().catch(() => Buffer.alloc(0))).length;
      }
    });
    const from = performance.now();
    await page.goto(sluice.url);
    await page.getByRole("article", { name: "production" }).waitFor();
    times.push(performance.now() - from);
    await page.waitForLoadState("networkidle");
    await context.close();
  }
  row("script before the first view, gzipped", scripts / 1000, ALLOWED_KB, "kB");
  row(`first view, cold cache, median of ${ROUNDS}`, median(times), ALLOWED_MS, "ms");

  const { page, leave } = await personWith(browser, { url: sluice.url, token: sluice.adminToken });
  const news: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `news-${round}`;
    const seen = page.getByRole("article", { name, exact: true }).waitFor();
    const from = performance.now();
    await sluice.admin.put(`/v1/environments/${name}`, { body: { tier: "development" } });
    await seen;
    news.push(performance.now() - from);
  }
  row(`from a request to its sight, median of ${ROUNDS}`, median(news), ALLOWED_NEWS_MS, "ms");
  await leave();
} finally {
  await browser.close();
  await sluice.stop();
}
