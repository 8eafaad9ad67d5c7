// What running one file of tests has come to: what every report is made of.
import type { Diagnostic } from "../../src/protocol/workflow.ts";
import type { TestReport } from "../../src/testing/index.ts";

/** A file that could not be run: its tests are not known. */
export interface LoadFailure {
  code: string;
  message: string;
  diagnostics: Diagnostic[];
  /** Where, with the lines of the source, for people and in colour. */
  text: string;
}

/** `path` is as it was given; times are ms of the machine's time. */
export interface FileReport {
  path: string;
  failure?: LoadFailure;
  tests: (TestReport & { tookMs: number })[];
  tookMs: number;
}

/** What programs are told of it. */
export function plain({ failure, ...report }: FileReport): object {
  if (!failure) return report;
  const { text: _, ...told } = failure;
  return { ...report, failure: told };
}

/** Whether everything in it passed. */
export function isPassed({ failure, tests }: FileReport): boolean {
  return failure === undefined && tests.every((test) => test.failure === undefined);
}
