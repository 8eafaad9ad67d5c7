// Checks a program: what registering it would refuse, and what looks unintended.
import type { Diagnostic } from "../../protocol/workflow.ts";
import { parse, type Value } from "../../starlark/index.ts";
import { loadWorkflow } from "../load-workflow.ts";
import { gitFileOf, loadedFile } from "../loaded-file.ts";
import type { Sha256Hex } from "../machine-types.ts";
import { predeclared } from "../predeclared.ts";
import type { Sources } from "../program.ts";
import { surface } from "../surface/surface.ts";
import { checkCalls } from "./call-rules.ts";
import { checkDocumentation } from "./documentation-rules.ts";
import { type Finding, Report } from "./finding.ts";
import { withFixes } from "./fixes.ts";
import { withoutIgnored } from "./ignore-comments.ts";
import { Meanings } from "./meanings.ts";
import { checkAttributes, checkPrivateFunctions, checkShadowing } from "./name-rules.ts";
import { type ParsedFile, parsedFile } from "./parsed-file.ts";
import { checkDicts, checkHandlers, checkLoopVariables, checkResults } from "./program-rules.ts";

export interface CheckOptions {
  sha256Hex: Sha256Hex;
  /** What is wrong with a filter, in a sentence; undefined when nothing is. */
  checkFilter(filter: string): string | undefined;
  /** The same of the key that tells groups of events apart. */
  checkKey(key: string): string | undefined;
  /** Why a file of another repository could not be had, in a sentence; undefined where nobody tried. */
  whyUnreachable?(file: string): string | undefined;
  /** What a file knows by itself; by default what workflows know. */
  predeclaredIn?(file: string): Readonly<Record<string, Value>>;
}

export interface CheckedProgram {
  /** By file and place. */
  findings: Finding[];
  /** Nothing declares a trigger: the file is there for others to load. Registering it would be refused. */
  isLibrary: boolean;
}

/**
 * Finds the mistakes of a program, file by file, without running its handlers. Never throws for a bad program. Rules
 * that only look are ignored by comments; what registering would refuse is not.
 */
export function checkProgram(sources: Sources, options: CheckOptions): CheckedProgram {
  const files = new Map<string, ParsedFile>();
  const broken: Finding[] = [];
  for (const [name, source] of Object.entries(sources.files)) {
    // The lock file is no Starlark.
    if (name !== sources.entry && !isForeign(name) && !name.endsWith(".star")) continue;
    const known = options.predeclaredIn?.(name) ?? predeclared;
    const parsed = parse(source, { file: name, predeclared: Object.keys(known) });
    if (parsed.diagnostics.some(({ severity }) => severity === "error")) broken.push(...parsed.diagnostics);
    else files.set(name, parsedFile(name, parsed));
  }
  const meanings = new Meanings(files);
  const declaring = new Set([...files.values()].filter(declaresTriggers).map(({ name }) => name));
  const looked = [...files.values()].flatMap((file) => {
    if (isForeign(file.name)) return [];
    const othersDeclare = [...declaring].some((name) => name !== file.name) || !loadsKnownFiles(file, files);
    return checkFile(file, meanings, othersDeclare, options);
  });
  const entryIsBroken = !files.has(sources.entry);
  const isLibrary = !entryIsBroken && declaring.size === 0;
  const refused = broken.length > 0 ? loadErrors(sources, options) : refusals(sources, options);
  const found = [...looked, ...broken];
  const isNew = (refusal: Diagnostic) =>
    !(isLibrary && refusal.code === "no-triggers") &&
    !found.some(
      (other) =>
        other.file === refusal.file && other.line === refusal.line && isSaidBy(refusal.message, other),
    );
  const findings = [...found, ...refused.filter(isNew)];
  return { findings: findings.sort(byPlace(sources)), isLibrary };
}

/** Of another repository: it says what its functions take, and is not for the reader of this one to mend. */
function isForeign(name: string): boolean {
  return gitFileOf(name) !== undefined;
}

/** A call that was found wrong by looking is found again by running the top level, in other words at most. */
function isSaidBy(message: string, other: Finding): boolean {
  return (
    other.severity === "error" &&
    (other.message.endsWith(message) || message.startsWith(`${other.message.split(":")[0]}:`))
  );
}

function byPlace({ entry }: Sources) {
  return (a: Finding, b: Finding): number =>
    Number(b.file === entry) - Number(a.file === entry) ||
    (a.file < b.file ? -1 : Number(a.file > b.file)) ||
    a.line - b.line ||
    a.column - b.column;
}

function checkFile(
  file: ParsedFile,
  meanings: Meanings,
  othersDeclare: boolean,
  { checkFilter, checkKey }: CheckOptions,
): Finding[] {
  const report = new Report(file.parsed.text);
  checkAttributes(file, meanings, report);
  checkCalls({ file, meanings, report, checkFilter, checkKey });
  checkHandlers(file, meanings, report);
  checkDicts(file, report);
  checkResults(file, meanings, report);
  checkLoopVariables(file, meanings, report);
  checkShadowing(file, report);
  checkPrivateFunctions(file, report);
  checkDocumentation(file, meanings, report);
  const found = withFixes([...file.parsed.diagnostics, ...report.findings], file, othersDeclare);
  return withoutIgnored(found, file);
}

const declaringNames = new Set(surface.topLevel.map(({ name }) => name));

function declaresTriggers({ expressions }: ParsedFile): boolean {
  return expressions.some(
    ({ node }) =>
      node.kind === "name" && node.binding?.scope === "predeclared" && declaringNames.has(node.name),
  );
}

function loadsKnownFiles(file: ParsedFile, files: ReadonlyMap<string, ParsedFile>): boolean {
  return file.statements.every(
    (statement) =>
      statement.kind !== "load" || files.has(loadedFile(statement.module.value, file.name) ?? ""),
  );
}

/** What registering the program would refuse. */
function refusals(sources: Sources, options: CheckOptions): Diagnostic[] {
  const loaded = loadWorkflow(sources, options);
  return loaded.ok ? [] : ((loaded.error.details?.diagnostics ?? []) as unknown as Diagnostic[]);
}

/** Loads that lead nowhere, of a program whose syntax errors are known already. */
function loadErrors(sources: Sources, options: CheckOptions): Diagnostic[] {
  return refusals(sources, options).filter(({ code }) => code.startsWith("load-") || code === "too-large");
}
