// Checks Starlark files without a server: reads them with what they load, and names each finding's file as the
// person who asked would.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { WorkflowInput } from "../src/protocol/workflow.ts";
import { check } from "../src/starlark/index.ts";
import { predeclaredIn } from "../src/testing/index.ts";
import { applyFixes, type CheckedProgram, checkProgram, type Finding } from "../src/workflow/check/index.ts";
import { gitFileOf } from "../src/workflow/index.ts";
import { predeclared } from "../src/workflow/predeclared.ts";
import { enginePorts } from "./engine-ports.ts";
import { CliError } from "./errors.ts";
import { type AskedRepositories, LOCK_FILE } from "./git-modules.ts";
import { tryProgram } from "./workflow-files.ts";

export interface CheckedFiles {
  /** Paths relative to `from`, libraries that were loaded included; sorted. */
  files: { path: string; isLibrary: boolean }[];
  findings: Finding[];
  /** By path. */
  sources: Record<string, string>;
}

/** By this name people know a file; one of another repository has the name that loads it. */
function shownName(file: string, root: string, from: string): string {
  return gitFileOf(file) ? file : relative(from, resolve(root, file));
}

/**
 * Checks files with everything they load, as registering them would find it. What cannot be fetched from another
 * repository is an error at the place that loads it, and the rest is checked. A library that a program before it has
 * loaded is not checked a second time. Who checks more than once shares `asked`.
 */
export function checkFiles(
  paths: readonly string[],
  from: string,
  asked: AskedRepositories = new Map(),
): CheckedFiles {
  const checked: CheckedFiles = { files: [], findings: [], sources: {} };
  const seen = new Set<string>();
  for (const path of paths) {
    const shown = relative(from, path);
    if (seen.has(shown)) continue;
    const { root, input, findings, isLibrary } = checkFile(path, from, asked);
    const pathOf = (file: string) => shownName(file, root, from);
    const read = Object.keys(input.files).filter((file) => file === input.entry || file !== LOCK_FILE);
    const fresh = new Set(read.filter((file) => !seen.has(pathOf(file))));
    for (const file of fresh) {
      seen.add(pathOf(file));
      checked.sources[pathOf(file)] = input.files[file] ?? "";
      if (!gitFileOf(file))
        checked.files.push({ path: pathOf(file), isLibrary: isLibrary || file !== input.entry });
    }
    for (const finding of findings) {
      if (fresh.has(finding.file)) checked.findings.push({ ...finding, file: pathOf(finding.file) });
    }
  }
  return checked;
}

type CheckedFile = CheckedProgram & { root: string; input: WorkflowInput; saveLock: () => void };

/**
 * A program's `//` is its own folder. A library below the working directory may be read from there instead: programs
 * that load it may be further up.
 */
function checkFile(path: string, from: string, asked: AskedRepositories): CheckedFile {
  const chosen = checkWhereComplete(path, from, asked);
  // Only the folder that it is read from gets a lock file.
  chosen.saveLock();
  return chosen;
}

function checkWhereComplete(path: string, from: string, asked: AskedRepositories): CheckedFile {
  const own = checkIn(dirname(path), path, asked);
  const isComplete = !own.findings.some(({ code }) => code === "load-not-found");
  const isBelow = !relative(from, path).startsWith("..");
  if (isComplete || !own.isLibrary || !isBelow) return own;
  for (let root = dirname(dirname(path)); root.startsWith(from); root = dirname(root)) {
    const further = checkIn(root, path, asked);
    if (!further.findings.some(({ code }) => code === "load-not-found")) return further;
    if (root === dirname(root)) break;
  }
  return own;
}

function checkIn(root: string, path: string, asked: AskedRepositories): CheckedFile {
  const unreachable = new Map<string, string>();
  const onUnreachable = (name: string, why: string) =>
    void unreachable.set(name, `${why}; what it gives was not checked`);
  const { input, saveLock } = tryProgram(path, { root, onUnreachable, asked });
  const whyUnreachable = (file: string) => unreachable.get(file);
  const checked = checkProgram(input, { ...enginePorts, predeclaredIn, whyUnreachable });
  return { root, input, saveLock, ...checked };
}

/** Fixes may make room for others; more rounds than this would mean that two of them undo each other. */
const MAX_ROUNDS = 10;

/** Writes the fixes there are into the given files, not into what they load; returns how many. */
export function fixFiles(
  paths: readonly string[],
  from: string,
  asked: AskedRepositories = new Map(),
): number {
  const own = new Set(paths);
  let total = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { findings, sources } = checkFiles(paths, from, asked);
    let applied = 0;
    for (const [path, source] of Object.entries(sources)) {
      if (!own.has(resolve(from, path))) continue;
      const fixed = applyFixes(
        source,
        findings.filter(({ file }) => file === path),
      );
      if (fixed.applied === 0) continue;
      applied += fixed.applied;
      writeFixed(resolve(from, path), source, fixed.source);
    }
    if (applied === 0) break;
    total += applied;
  }
  return total;
}

/** Nobody's file is left worse than it was. */
function writeFixed(path: string, before: string, after: string): void {
  const errors = (source: string) =>
    check(source, { file: path, predeclared: Object.keys(predeclared) }).filter(
      ({ severity }) => severity === "error",
    ).length;
  if (errors(after) > errors(before))
    throw new CliError(`the fixes for ${path} would break it: it is left as it was`);
  // Somebody may be editing it.
  if (readFileSync(path, "utf8") !== before)
    throw new CliError(`${path} has changed meanwhile: run this again`);
  writeFileSync(path, after);
}
