// Reads func.yml (older: step.yml): two YAML documents, checked against the format, with positions in every error.
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Document, LineCounter, parseAllDocuments } from "yaml";
import type { z } from "zod";
import {
  type FunctionDefinition,
  type FunctionSpec,
  functionDefinitionSchema,
  functionSpecSchema,
} from "../../src/protocol/function-format.ts";
import { parseTemplate } from "../expressions/parser.ts";
import { ExpressionError } from "../expressions/syntax.ts";
import { JobError } from "../job-error.ts";

const FILE_NAMES = ["func.yml", "step.yml"];
const MAX_FILE_BYTES = 1024 * 1024;

/** A folder that should hold a Function. `root` bounds what its relative references may reach. */
export interface FunctionFolder {
  dir: string;
  root: string;
  file?: string;
}

export type Path = readonly PropertyKey[];

export interface LoadedFunction extends FunctionFolder {
  spec: FunctionSpec;
  definition: FunctionDefinition;
  /** Where something in the definition stands: `func.yml:12, exec.command[1]`. */
  where: (path: Path) => string;
}

function dotted(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

async function findFile(folder: FunctionFolder): Promise<string> {
  for (const name of folder.file === undefined ? FILE_NAMES : [folder.file]) {
    const path = join(folder.dir, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    if (found.size > MAX_FILE_BYTES) {
      throw new JobError("InvalidFunction", `${name} is larger than ${MAX_FILE_BYTES} bytes`, {
        retryable: false,
      });
    }
    return path;
  }
  throw new JobError(
    "FunctionNotFound",
    `there is no ${folder.file ?? "func.yml (or step.yml)"} in the function's folder`,
    { retryable: false },
  );
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function invalid(message: string): JobError {
  return new JobError("InvalidFunction", message, { retryable: false });
}

/** Of a value that may be one of several things, what keeps it from being the one it comes closest to. */
function explained(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  if (issue.code === "invalid_key") {
    return issue.issues.flatMap(explained).map(({ message }) => ({ path: issue.path, message }));
  }
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const attempts = issue.errors.map((errors) => errors.flatMap(explained));
  const depth = (attempt: { path: Path }[]) => Math.max(...attempt.map(({ path }) => path.length));
  const closest = attempts.reduce((best, attempt) => (depth(attempt) > depth(best) ? attempt : best));
  return closest.map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  document: Document,
  where: (path: Path) => string,
): z.output<Schema> {
  const checked = schema.safeParse(document.toJS() ?? {});
  if (checked.success) return checked.data;
  const problems = checked.error.issues
    .flatMap(explained)
    .slice(0, 10)
    .map(({ path, message }) => `${where(path)}: ${message}`);
  throw invalid(problems.join("; "));
}

/** Every text of the definition that may hold expressions, so that a mistake shows before anything runs. */
function* expressionTexts(value: unknown, path: Path): Generator<[Path, string]> {
  if (typeof value === "string") yield [path, value];
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* expressionTexts(item, [...path, index]);
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) yield* expressionTexts(item, [...path, key]);
  }
}

function checkExpressions(definition: FunctionDefinition, where: (path: Path) => string): void {
  for (const [path, text] of expressionTexts(definition, [])) {
    try {
      parseTemplate(text);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw invalid(`${where(path)}: ${error.message} (character ${error.at + 1})`);
    }
  }
}

/**
 * Loads the Function in a folder.
 *
 * @throws JobError `FunctionNotFound` or `InvalidFunction`, with file, line and what is wrong
 */
export async function loadFunction(folder: FunctionFolder): Promise<LoadedFunction> {
  const path = await findFile(folder);
  const name = basename(path);
  const lines = new LineCounter();
  const documents = parseAllDocuments(await readFile(path, "utf8"), { lineCounter: lines });
  if (!Array.isArray(documents)) throw invalid(`${name} is empty`);
  for (const document of documents) {
    const [error] = document.errors;
    if (error) throw invalid(`${name}:${lines.linePos(error.pos[0]).line}: ${error.message.split("\n")[0]}`);
  }
  const [specDocument, definitionDocument, ...more] = documents;
  if (!specDocument || !definitionDocument || more.length > 0) {
    throw invalid(
      `${name} must have two YAML documents, the spec and the definition, separated by a line "---"; it has ${documents.length}`,
    );
  }
  const whereIn = (document: Document) => (at: Path) => {
    const line = `${name}:${lineOf(document, lines, at)}`;
    return at.length === 0 ? line : `${line}, ${dotted(at)}`;
  };
  const where = whereIn(definitionDocument);
  const { spec } = check(functionSpecSchema, specDocument, whereIn(specDocument));
  const definition = check(functionDefinitionSchema, definitionDocument, where);
  if (spec.outputs === "delegate" && definition.delegate === undefined) {
    throw invalid(`${name}: the spec delegates the outputs, and the definition does not say to which step`);
  }
  checkExpressions(definition, where);
  return { ...folder, spec, definition, where };
}
