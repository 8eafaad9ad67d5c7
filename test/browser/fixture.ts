// A Sluice for the tests of one file, people who look at it in Chromium, and the pictures that the tests take.
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { LocalSluice } from "../end-to-end/local-sluice.ts";
import { openBrowser, type Person, personWith } from "./browser.ts";

const pictures = resolve(import.meta.dirname, "..", "..", "coverage", "screenshots");

interface Look {
  /** The administrator's, unless it is given. */
  token?: string;
  theme?: "light" | "dark";
  width?: number;
}

/**
 * Starts both before the file's tests, and stops them after the last. Each call of `signIn` is somebody with a browser of
 * their own, who leaves when the test is over: nothing may have gone wrong in their pages.
 */
export function useSluice({ timeScale = 600 } = {}): {
  sluice: LocalSluice;
  signIn(look?: Look): Promise<Page>;
} {
  const sluice = new LocalSluice({ timeScale });
  let browser: Browser | undefined;
  let people: Person[] = [];
  beforeAll(async () => {
    await sluice.start();
    browser = await openBrowser();
  });
  afterEach(async () => {
    const leaving = people;
    people = [];
    await Promise.all(leaving.map(({ leave }) => leave()));
    expect(leaving.flatMap(({ faults }) => faults)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await sluice.stop();
  });
  return {
    sluice,
    async signIn({ token = sluice.adminToken, ...look } = {}) {
      if (!browser) throw new Error("there is no browser before the tests begin");
      const person = await personWith(browser, { url: sluice.url, token, ...look });
      people.push(person);
      return person.page;
    },
  };
}

export async function takePicture(page: Page, name: string, { fullPage = false } = {}): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}
