// The local deployment target: a folder in which every app is a folder with a static site.
//
//     <target>/shop-canary                  a link to the release that is live
//     <target>/.releases/shop-canary/000007 one release: index.html, health.json, releases.json
//     <target>/metrics.prom                 samples, see metrics.mjs
//
// 1. A release is made whole beside its place and takes it by one rename; the number it takes is free for one
//    release only. So of two that deploy at once one is first, and the other sees it.
// 2. The live link is replaced by a rename too: nobody ever sees half a release.
// 3. The newest release is the truth, the link follows it: whoever comes next mends a link that a killed process
//    did not get to change.
// 4. A release remembers the idempotency key it was made for. The same key again makes no second one.
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, idempotencyKey } from "./answer.mjs";
import { page } from "./page.mjs";

const KEPT_RELEASES = 10;

export const targetFolder = resolve(
  process.env.SLUICE_TARGET || join(process.env.SLUICE_RUNNER_DIR || ".", ".sluice", "target"),
);

export function checkAppName(app) {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(app)) {
    throw new Failure("InvalidApp", `"${app}" is no name of an app: letters, digits, '.', '_' and '-'`);
  }
}

export function urlOf(app) {
  const base = process.env.SLUICE_TARGET_URL;
  return base
    ? new URL(`${app}/`, base.endsWith("/") ? base : `${base}/`).href
    : pathToFileURL(join(targetFolder, app, "index.html")).href;
}

function releasesFolder(app) {
  return join(targetFolder, ".releases", app);
}

async function numbersOf(app) {
  const names = await readdir(releasesFolder(app)).catch(() => []);
  return names.filter((name) => /^[0-9]{6}$/.test(name)).sort();
}

/** The number of the newest release (0 before the first), and the history that ends with it: one look, not two. */
async function newestOf(app) {
  const latest = (await numbersOf(app)).at(-1);
  if (latest === undefined) return { number: 0, history: [] };
  const history = JSON.parse(await readFile(join(releasesFolder(app), latest, "releases.json"), "utf8"));
  return { number: Number(latest), history };
}

/** Every release of an app that ever was, oldest first; the last one is live. */
export async function historyOf(app) {
  return (await newestOf(app)).history;
}

export async function appsOnTarget() {
  const names = await readdir(join(targetFolder, ".releases")).catch(() => []);
  return names.filter((name) => !name.startsWith("."));
}

async function makeLive(app) {
  const link = join(targetFolder, app);
  // Until the link is seen to be right: a slower process may set it back between our look and our rename, and it
  // will look again, too.
  for (;;) {
    const latest = (await numbersOf(app)).at(-1);
    if (latest === undefined) return;
    const to = join(".releases", app, latest);
    if ((await readlink(link).catch(() => "")) === to) return;
    const draft = join(targetFolder, `.link-${randomUUID()}`);
    await symlink(to, draft, "dir");
    await rename(draft, link);
  }
}

async function writeRelease(folder, app, history) {
  const release = history.at(-1);
  const health = {
    status: release.revision === "" ? "withdrawn" : "healthy",
    app,
    revision: release.revision,
    deployed_at: release.at,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), page(app, history));
  await writeFile(join(folder, "health.json"), `${JSON.stringify(health, null, 2)}\n`);
  await writeFile(join(folder, "releases.json"), `${JSON.stringify(history, null, 2)}\n`);
}

async function prune(app) {
  for (const old of (await numbersOf(app)).slice(0, -KEPT_RELEASES)) {
    await rm(join(releasesFolder(app), old), { recursive: true, force: true });
  }
}

/**
 * Changes what an app runs. `decide` gets the history and returns `{ revision, action }`, or null to leave things
 * as they are. Returns the release that this call stands for and whether it was made now.
 */
export async function change(app, decide) {
  checkAppName(app);
  await mkdir(releasesFolder(app), { recursive: true });
  for (;;) {
    await makeLive(app);
    const newest = await newestOf(app);
    const { history } = newest;
    const before = idempotencyKey === "" ? undefined : history.find(({ key }) => key === idempotencyKey);
    if (before) return { release: before, changed: false, isRepeat: true };
    const decided = decide(history);
    if (decided === null) return { release: history.at(-1), changed: false, isRepeat: false };
    const number = newest.number + 1;
    const release = {
      number,
      ...decided,
      at: new Date().toISOString(),
      key: idempotencyKey,
      run: process.env.SLUICE_RUN_URL ?? "",
    };
    const draft = join(releasesFolder(app), `.draft-${randomUUID()}`);
    await writeRelease(draft, app, [...history, release]);
    try {
      await rename(draft, join(releasesFolder(app), String(number).padStart(6, "0")));
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process took the number: look again at what is now the truth.
      if (error.code === "ENOTEMPTY" || error.code === "EEXIST") continue;
      throw error;
    }
    await makeLive(app);
    await prune(app);
    return { release, changed: true, isRepeat: false };
  }
}

/** Reads a file of the live app as a visitor would: over HTTP where the target is served, else from the folder. */
export async function visit(app, file) {
  if (!process.env.SLUICE_TARGET_URL) return await readFile(join(targetFolder, app, file), "utf8");
  const response = await fetch(new URL(file, urlOf(app)), { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  return await response.text();
}

/** Whether the live app says that it is healthy at a revision. */
export async function isHealthy(app, revision) {
  try {
    const health = JSON.parse(await visit(app, "health.json"));
    return health.status === "healthy" && health.revision === revision;
  } catch {
    return false;
  }
}
