// Installs the pinned `opa` into .tools/bin, unless it is there. Needs Go.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const VERSION = "v1.22.0";
const bin = resolve(import.meta.dirname, "..", ".tools", "bin");
const opa = join(bin, "opa");

function installedVersion(): string | undefined {
  if (!existsSync(opa)) return undefined;
  return /^Version: (\S+)/m.exec(spawnSync(opa, ["version"], { encoding: "utf8" }).stdout ?? "")?.[1];
}

if (installedVersion() === VERSION.slice(1)) {
  console.log(`opa ${VERSION} is in .tools/bin`);
} else {
  const { status, error } = spawnSync("go", ["install", `github.com/open-policy-agent/opa@${VERSION}`], {
    stdio: "inherit",
    env: { ...process.env, GOBIN: bin, CGO_ENABLED: "0" },
  });
  if (status !== 0) {
    console.error(
      error
        ? `go could not be started (${error.message}). Install Go, or put opa ${VERSION} into .tools/bin yourself.`
        : `go install of opa ${VERSION} failed; the lines above say why.`,
    );
    process.exit(1);
  }
  console.log(`installed opa ${VERSION} into .tools/bin`);
}
