// What the local server keeps beside its storage: its administrator's token, the webhook secret, its address.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBootstrapToken } from "../commands/token.ts";

export interface LocalState {
  folder: string;
  adminToken: string;
  adminTokenDigest: string;
  webhookSecret: string;
}

/** Whole or not at all, and readable by its owner only. */
export function writeStateFile(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readStateFile(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

function keep(folder: string, name: string, make: () => string): string {
  const kept = readStateFile(folder, name);
  if (kept) return kept;
  const made = make();
  writeStateFile(folder, name, made);
  return made;
}

/** Reads the folder's secrets, making them on the first start. */
export function openState(folder: string): LocalState {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const adminToken = keep(folder, "token", () => makeBootstrapToken().token);
  return {
    folder,
    adminToken,
    adminTokenDigest: createHash("sha256").update(adminToken).digest("hex"),
    webhookSecret: keep(folder, "webhook-secret", () => randomBytes(32).toString("hex")),
  };
}
