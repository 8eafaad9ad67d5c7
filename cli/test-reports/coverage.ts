// Which lines of the workflows ran: as a table, and as lcov's tracefile.
import pc from "picocolors";
import type { FileCoverage } from "../../src/testing/index.ts";
import { pad } from "../output.ts";

/** `3–5, 9`: lines that did not run. */
function ranges(lines: readonly number[], all: readonly number[]): string {
  const missed = new Set(lines);
  const parts: [number, number][] = [];
  let last: [number, number] | undefined;
  for (const line of all) {
    if (!missed.has(line)) last = undefined;
    else if (last) last[1] = line;
    else {
      last = [line, line];
      parts.push(last);
    }
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

/** A table: per file the share of lines that ran, and which did not. */
export function renderCoverage(files: readonly FileCoverage[]): string {
  const width = Math.max(4, ...files.map(({ file }) => file.length));
  const rows = files.map(({ file, lines }) => {
    const all = [...lines.keys()];
    const missed = all.filter((line) => lines.get(line) === 0);
    const share = all.length === 0 ? 100 : (100 * (all.length - missed.length)) / all.length;
    const paint = missed.length === 0 ? pc.green : pc.yellow;
    const text = `${pad(file, width)}  ${paint(`${share.toFixed(1).padStart(5)} %`)}`;
    return missed.length === 0 ? text : `${text}  ${pc.dim(`not run: ${ranges(missed, all)}`)}`;
  });
  return [pc.bold("Coverage"), ...rows.map((row) => `  ${row}`)].join("\n");
}

/** lcov's tracefile, which editors and CI systems read. */
export function renderLcov(files: readonly FileCoverage[]): string {
  return files
    .flatMap(({ file, lines }) => [
      "TN:",
      `SF:${file}`,
      ...[...lines].map(([line, count]) => `DA:${line},${count}`),
      `LF:${lines.size}`,
      `LH:${[...lines.values()].filter((count) => count > 0).length}`,
      "end_of_record",
    ])
    .join("\n");
}
