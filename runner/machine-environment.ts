// What of the runner's own environment its jobs get to see: what programs need to work at all, and nothing that may
// be a secret. Everything else is named outright (`--pass-env`, `--var`).

import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

const passed = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TERM",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
]);

/** The variables of `environment` that jobs get: the allowed ones, `LC_*`, and those named in `also`. */
export function machineEnvironment(
  environment: Record<string, string | undefined>,
  also: readonly string[] = [],
): Record<string, string> {
  const names = new Set([...passed, ...also]);
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (names.has(name) || name.startsWith("LC_"))) chosen[name] = value;
  }
  return chosen;
}

/** Whether a program of that name is on the path. */
export async function isOnPath(program: string, path: string | undefined): Promise<boolean> {
  for (const folder of (path ?? "").split(delimiter)) {
    const isThere = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== "" && isThere) return true;
  }
  return false;
}
