// Programs: the sources of one version of a workflow, named by what is in them.
import type { ProgramSource } from "../protocol/workflow.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Sha256Hex } from "./machine-types.ts";

/** Bumped when the same sources would mean something else. Part of the canonical form. */
const PROGRAM_FORMAT = 1;

/** A program without its name. */
export type Sources = Pick<ProgramSource, "entry" | "files">;

/**
 * The SHA-256 of a program's canonical form: the canonical JSON of
 * `{"entry": …, "files": {name: text}, "format": 1}`.
 */
export function programDigest({ entry, files }: Sources, sha256Hex: Sha256Hex): string {
  return sha256Hex(canonicalJson({ format: PROGRAM_FORMAT, entry, files }));
}

/** The program that these sources are. */
export function programOf({ entry, files }: Sources, sha256Hex: Sha256Hex): ProgramSource {
  return { digest: programDigest({ entry, files }, sha256Hex), entry, files };
}
