/** What a run of conformance files found. */

export interface Failure {
  readonly file: string;
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

/** Counts assertions and expected errors, and keeps those that did not hold. */
export class Report {
  passed = 0;
  readonly failures: Failure[] = [];

  get failed(): number {
    return this.failures.length;
  }

  pass(): void {
    this.passed++;
  }

  /** Takes over what another report found. */
  add(other: Report): void {
    this.passed += other.passed;
    this.failures.push(...other.failures);
  }

  fail(file: string, line: number, expected: string, got: string): void {
    this.failures.push({ file, line, expected, got });
  }

  /** An assertion that was counted as passed turned out not to hold. */
  failAfterAll(file: string, line: number, expected: string, got: string): void {
    this.passed--;
    this.fail(file, line, expected, got);
  }
}

/** A failure as text for people: where, what was expected, what happened. */
export function describeFailure({ file, line, expected, got }: Failure): string {
  return `${file}:${line}\n  expected: ${expected}\n  got:      ${got}`;
}
