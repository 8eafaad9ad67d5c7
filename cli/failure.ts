// Tells on standard error why a command failed: in words, or as one line of problem JSON (RFC 9457).
import { stripVTControlCharacters } from "node:util";
import { CommanderError } from "commander";
import pc from "picocolors";
import { CliError, codeOf, EXIT_FAILED, EXIT_USAGE, ProblemError } from "./errors.ts";
import { printable } from "./output.ts";

/** A problem of the command line's own. There was no answer over HTTP, so it has no `status`. */
interface LocalProblem {
  title: string;
  detail: string;
  code: string;
  /** What to do about it. */
  hint?: string;
}

const titles: Record<string, string> = {
  usage: "The command was called wrongly",
  unreachable: "No Sluice answers",
  needs_sources: "It needs the sources of Sluice",
};

/** Answers with the exit code; that of asking for help is 0, and nothing is told. */
export function tellFailure(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (json) {
    const problem = error instanceof ProblemError ? error.problem : localProblem(error);
    process.stderr.write(`${JSON.stringify(problem)}\n`);
  } else tellInWords(error);
  // Not one of ours: a defect, whose place we want to see.
  const isOurs = error instanceof CliError || error instanceof CommanderError;
  if (!isOurs && error instanceof Error && error.stack && process.env.SLUICE_DEBUG)
    process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return EXIT_USAGE;
  return error instanceof CliError ? error.exitCode : EXIT_FAILED;
}

function localProblem(error: unknown): LocalProblem {
  const { code, hint } =
    error instanceof CliError ? error : { code: codeOf(exitCodeOf(error)), hint: undefined };
  const title = titles[code] ?? "It could not be done";
  return { title, detail: detailOf(error), code, ...(hint !== undefined && { hint }) };
}

function detailOf(error: unknown): string {
  // Commander shows the commands there are where none is named, and says nothing else.
  if (error instanceof CommanderError && error.code === "commander.help")
    return "which command is missing: --help shows what there is";
  const message = error instanceof Error ? error.message : String(error);
  return stripVTControlCharacters(message).replace(/^error: /, "");
}

function tellInWords(error: unknown): void {
  // Commander has said it.
  if (error instanceof CommanderError) return;
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`${pc.red("error:")} ${printable(message)}`];
  if (error instanceof ProblemError) {
    const { code, status, errors = [] } = error.problem;
    lines[0] += ` ${pc.dim(`(${code}, ${status})`)}`;
    lines.push(
      ...errors.map(({ pointer, message: what }) => `  ${pc.bold(pointer || "/")}: ${printable(what)}`),
    );
  }
  if (error instanceof CliError && error.hint) lines.push(pc.dim(error.hint));
  process.stderr.write(`${lines.join("\n")}\n`);
}
