// `npm run build:binary`: the command line as one file, `dist/sluice`, for machines without Node and without this
// repository. It is the pinned Node with the bundled command line inside (a "single executable application").
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build, formatMessages } from "esbuild";
import { BUILDIFIER, installedBuildifier } from "../cli/buildifier.ts";
import { noticesOf } from "./notices.ts";

const root = resolve(import.meta.dirname, "..");
const packages = createRequire(import.meta.url);
/** Not the Node that runs this: that may be any, and the cache of compiled code fits one version only. */
const pinnedNode = join(root, "node_modules", ".bin", "node");
/** What Node looks for in its own file to see that a program was put into it; each Node has that text once. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

function run(command: string, args: readonly string[]): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${[command, ...args].join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}

/** The command line as one CommonJS script, the only kind that Node caches compiled; and the packages that are in it. */
async function bundle(outfile: string): Promise<string[]> {
  const { warnings, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["cli/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    // The local server needs the sources and workerd: cli/commands/dev.ts says so before it would be loaded.
    external: ["./cli/dev/*"],
    metafile: true,
    logLevel: "silent",
  });
  // Such as an import.meta, which is empty in CommonJS: what works in the repository would not work in the executable.
  if (warnings.length > 0) throw new Error((await formatMessages(warnings, { kind: "warning" })).join("\n"));
  return Object.keys(metafile.inputs);
}

/**
 * Builds the executable for the machine that this runs on, and beside it `<output>.notices.txt`, the licences of what is
 * in it. A file that is there already is replaced at once, never written into: it may be running.
 *
 * @throws Error on a system other than Linux and macOS, and when a step fails
 */
export async function buildBinary(output: string): Promise<void> {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new Error(`the executable can be built on Linux and macOS, and this is ${process.platform}`);
  }
  mkdirSync(dirname(output), { recursive: true });
  const work = mkdtempSync(`${output}-build-`);
  const [script, config, blob, executable] = ["sluice.cjs", "sea.json", "sea.blob", "sluice"].map((name) =>
    join(work, name),
  ) as [string, string, string, string];
  try {
    const inputs = await bundle(script);
    const settings = {
      main: script,
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // NODE_OPTIONS is for programs that one knows to be written for Node.
      execArgvExtension: "none",
      assets: { [BUILDIFIER]: installedBuildifier() },
    };
    writeFileSync(config, JSON.stringify(settings));
    run(pinnedNode, ["--experimental-sea-config", config]);
    copyFileSync(pinnedNode, executable);
    chmodSync(executable, 0o755);
    const isMac = process.platform === "darwin";
    // macOS refuses to run what has changed since it was signed.
    if (isMac) run("codesign", ["--remove-signature", executable]);
    run(pinnedNode, [
      packages.resolve("postject/dist/cli.js"),
      executable,
      "NODE_SEA_BLOB",
      blob,
      "--sentinel-fuse",
      FUSE,
      ...(isMac ? ["--macho-segment-name", "NODE_SEA"] : []),
    ]);
    if (isMac) run("codesign", ["--sign", "-", executable]);
    writeFileSync(`${output}.notices.txt`, noticesOf(root, inputs));
    renameSync(executable, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const output = resolve(process.argv[2] ?? join(root, "dist", "sluice"));
  await buildBinary(output);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  console.log(`${output}: sluice ${version} for ${process.platform} on ${process.arch}`);
}
