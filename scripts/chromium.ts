// Where the browser tests find their Chromium; the gate installs Debian's.
import { existsSync } from "node:fs";

const candidates = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The program that `CHROMIUM` names, otherwise the first in its usual places; undefined when there is none. */
export function findChromium(): string | undefined {
  return process.env.CHROMIUM || candidates.find((path) => existsSync(path));
}
