// How the command line fails: what it says, and with which exit code.
import type { Problem } from "../src/protocol/problem.ts";

/** 0 is success. 1: the command could not be carried out. 2: it was called wrongly. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What is told to programs where nothing closer is known. */
export function codeOf(exitCode: number): "usage" | "failed" {
  return exitCode === EXIT_USAGE ? "usage" : "failed";
}

/** A failure that explains itself: shown without a stack. */
export class CliError extends Error {
  readonly exitCode: number;
  /** Stable, for programs: docs/cli.md lists those of the command line. */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, options: { exitCode?: number; code?: string; hint?: string } = {}) {
    super(message);
    this.exitCode = options.exitCode ?? EXIT_FAILED;
    this.code = options.code ?? codeOf(this.exitCode);
    this.hint = options.hint;
  }
}

/** The command was called wrongly; `hint` says what to do about it. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: EXIT_USAGE, ...(hint !== undefined && { hint }) });
}

/** The server refused: its problem+json, as it came. */
export class ProblemError extends CliError {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail, {
      code: problem.code,
      ...(hints[problem.code] === undefined ? {} : { hint: hints[problem.code] as string }),
    });
    this.problem = problem;
  }
}

const hints: Record<string, string> = {
  unauthenticated: "Give a token with --token or SLUICE_TOKEN; `npm start` leaves one in .sluice/token.",
  forbidden: "Ask an administrator for a token of the role that is named.",
  self_approval:
    "Approve with another identity's token: `sluice token create --subject release-manager --role operator` makes one.",
};
