// Compiles the default policy to WebAssembly (`npm run policy:build`). With --check it formats, lints and tests the
// Rego, and fails when the bundle in the repository is not what the Rego compiles to.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { OPA_VERSION } from "./opa-version.ts";

const root = resolve(import.meta.dirname, "..");
const sources = "policies/sluice";
const bundle = join(root, "policies", "bundle");
const ENTRYPOINT = "sluice/functions/decision";

function run(command: string, ...args: string[]): string {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: `${join(root, ".tools", "bin")}${delimiter}${process.env.PATH}` },
  });
  if (error) throw new Error(`${command} could not be started: node scripts/install-opa.ts installs opa`);
  if (status !== 0) throw new Error(`${command} ${args[0]} failed\n${stdout}`);
  return stdout;
}

function assertVersion(): void {
  const version = /^Version: (\S+)/m.exec(run("opa", "version"))?.[1];
  if (version === OPA_VERSION) return;
  throw new Error(
    `this opa is ${version}, the bundle is compiled by ${OPA_VERSION}: node scripts/install-opa.ts installs that one`,
  );
}

/** All that the Rego may call: nothing that answers differently the next time, since a decision is kept and looked up. */
function capabilities(): string {
  const all = JSON.parse(run("opa", "capabilities", "--current")) as {
    builtins: { nondeterministic?: boolean }[];
  };
  const builtins = all.builtins.filter(({ nondeterministic }) => nondeterministic !== true);
  return JSON.stringify({ ...all, builtins });
}

/** The same bytes on every machine, as long as paths stay relative: the compiler writes them into the module. */
function compile(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "sluice-policy-"));
  try {
    const archive = join(folder, "bundle.tar.gz");
    const allowed = join(folder, "capabilities.json");
    writeFileSync(allowed, capabilities());
    run(
      "opa",
      "build",
      `--capabilities=${allowed}`,
      "--target=wasm",
      `--entrypoint=${ENTRYPOINT}`,
      "--ignore=*_test.rego",
      `--output=${archive}`,
      sources,
    );
    run("tar", "-xzf", archive, "-C", folder, "/policy.wasm");
    return readFileSync(join(folder, "policy.wasm"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the rules read of their input: paths of names, none inside of another. Where a name is computed, a path ends. */
function reads(): string[][] {
  const query = `data.${ENTRYPOINT.replaceAll("/", ".")}`;
  const { base } = JSON.parse(run("opa", "deps", `--data=${sources}`, "--format=json", query)) as {
    base: { type: string; value: unknown }[][];
  };
  const paths = base.flatMap(([root, ...parts]) => {
    if (root?.value !== "input") return [];
    const end = parts.findIndex(({ type }) => type !== "string");
    return [parts.slice(0, end < 0 ? parts.length : end).map(({ value }) => String(value))];
  });
  const isWithin = (path: string[], other: string[]) =>
    other.length < path.length && other.every((name, i) => name === path[i]);
  return paths.filter((path) => !paths.some((other) => isWithin(path, other)));
}

function main(): void {
  assertVersion();
  const check = process.argv.includes("--check");
  if (check) {
    run("opa", "fmt", "--fail", "--list", sources);
    run("opa", "check", "--strict", sources);
    run("opa", "test", sources);
    // A rule that no test fires decides what nobody has thought about.
    run("opa", "test", "--coverage", "--threshold=100", sources);
  }
  const wasm = compile();
  const digest = createHash("sha256").update(wasm).digest("hex");
  const facts = `${JSON.stringify({ digest, entrypoint: ENTRYPOINT, reads: reads() }, null, 2)}\n`;
  if (!check) {
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, "policy.wasm"), wasm);
    writeFileSync(join(bundle, "bundle.json"), facts);
    console.log(`policies/bundle: ${wasm.length} bytes`);
    return;
  }
  const isCurrent =
    readFileSync(join(bundle, "policy.wasm")).equals(wasm) &&
    readFileSync(join(bundle, "bundle.json"), "utf8") === facts;
  if (!isCurrent)
    throw new Error("policies/bundle is not what policies/sluice compiles to: npm run policy:build");
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
