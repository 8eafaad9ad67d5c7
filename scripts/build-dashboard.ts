// `npm run build:dashboard`: types of the API from its own description, then the pages. Does nothing when what is
// built is newer than its sources, so that `npm start` can ask every time. `--types` stops after the types.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { build as bundle } from "esbuild";
import { typesOf } from "./openapi-types.ts";

const root = resolve(import.meta.dirname, "..");
const typesFile = join(root, "dashboard", "generated", "api.ts");
const built = join(root, "dist", "dashboard", "index.html");

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The API's description, from the routes that the Worker mounts. */
async function description(): Promise<unknown> {
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    stdin: {
      contents: `import { createApp } from "./src/http/app.ts"; export default createApp();`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  const folder = mkdtempSync(join(tmpdir(), "sluice-api-"));
  try {
    const file = join(folder, "app.mjs");
    writeFileSync(file, outputFiles[0]?.text ?? "");
    const { default: app } = (await import(file)) as {
      default: { request(path: string, init: object, env: object): Promise<Response> };
    };
    const answer = await app.request("/openapi.json", {}, { SLUICE_MODE: "deployed" });
    if (!answer.ok) throw new Error(`the API's description answers ${answer.status}: ${await answer.text()}`);
    return await answer.json();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writeTypes(): Promise<void> {
  const text = typesOf((await description()) as Parameters<typeof typesOf>[0]);
  if (existsSync(typesFile) && readFileSync(typesFile, "utf8") === text) return;
  mkdirSync(dirname(typesFile), { recursive: true });
  writeFileSync(typesFile, text);
}

/** Builds what is missing or older than its sources. Throws what Vite throws. */
export async function buildDashboard(options: { onlyTypes?: boolean } = {}): Promise<void> {
  if (options.onlyTypes) return await writeTypes();
  const sources = [
    "dashboard/src",
    "dashboard/public",
    "dashboard/index.html",
    "dashboard/vite.config.ts",
    "package-lock.json",
  ];
  const isCurrent =
    existsSync(built) &&
    statSync(built).mtimeMs > Math.max(...sources.map((path) => newest(join(root, path))));
  if (isCurrent) return;
  const { build } = await import("vite");
  await build({ configFile: join(root, "dashboard", "vite.config.ts"), logLevel: "warn" });
}

if (import.meta.main) await buildDashboard({ onlyTypes: process.argv.includes("--types") });
