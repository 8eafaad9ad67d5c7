// Installs the pinned `opa` into .tools/bin, unless it is there. Needs Go.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { OPA_VERSION } from "./opa-version.ts";

const bin = resolve(import.meta.dirname, "..", ".tools", "bin");
const opa = join(bin, "opa");

function installedVersion(): string | undefined {
  if (!existsSync(opa)) return undefined;
  return /^Version: (\S+)/m.exec(spawnSync(opa, ["version"], { encoding: "utf8" }).stdout ?? "")?.[1];
}

if (installedVersion() === OPA_VERSION) {
  console.log(`opa ${OPA_VERSION} is in .tools/bin`);
} else {
  const { status, error } = spawnSync("go", ["install", `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
    stdio: "inherit",
    env: { ...process.env, GOBIN: bin, CGO_ENABLED: "0" },
  });
  if (status !== 0) {
    console.error(
      error
        ? `go could not be started (${error.message}). Install Go, or put opa ${OPA_VERSION} into .tools/bin yourself.`
        : `go install of opa ${OPA_VERSION} failed; the lines above say why.`,
    );
    process.exit(1);
  }
  console.log(`installed opa ${OPA_VERSION} into .tools/bin`);
}
