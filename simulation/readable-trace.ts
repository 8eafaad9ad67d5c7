// A trace as people read it: runs by short names, what means nothing left out, and of the rest the part that matters.

/** Lines before and after a fault, and before the end, that are shown whatever they say. */
const AROUND = 12;
/** Of what happened to the runs that matter, no more than this. */
const MOST_LINES = 200;

const RUN_ID = /run_[0-9a-f]{32}/g;
/** Polls that mostly bring nothing, and people who look whether something waits for them. */
const MEANINGLESS = /outside → (router\.request|directory\.(approvals|forms))\(/;

/** Names that are short and say what they stand for: R1 is the first run that is mentioned. */
export class ShortNames {
  readonly #runs = new Map<string, string>();

  in(text: string): string {
    return text
      .replace(RUN_ID, (id) => this.#nameOf(id))
      .replace(/default\/(runs|environments|locks)\//g, "")
      .replace(/default\/pools\/default/g, "router")
      .replace(/default\/bus\/0/g, "bus")
      .replace(/default\/(catalog|directory)/g, "$1")
      .replace(/"(\w+)":/g, "$1: ")
      .replace(/"([0-9a-f]{8})[0-9a-f]{56}"/g, "$1…");
  }

  /** What the short names stand for. */
  legend(): string[] {
    return [...this.#runs].map(([id, name]) => `${name} = ${id}`);
  }

  #nameOf(id: string): string {
    const name = this.#runs.get(id) ?? `R${this.#runs.size + 1}`;
    this.#runs.set(id, name);
    return name;
  }
}

/**
 * The lines of a trace, already with short names, that tell why it ended as it did: around each fault, before the end,
 * and whatever concerns the runs that the faults and the violation name. A gap says how many are left out.
 */
export function tellingLines(lines: readonly string[]): string[] {
  const told = lines.filter((line) => !MEANINGLESS.test(line));
  const isMark = (line: string) => line.includes("***") || line.includes("!!!");
  const runs = new Set(told.filter(isMark).flatMap((line) => line.match(/\bR\d+\b/g) ?? []));
  const isNear = new Set<number>();
  for (const [index, line] of told.entries()) {
    if (!isMark(line)) continue;
    for (let near = index - AROUND; near <= index + AROUND; near += 1) isNear.add(near);
  }
  const concerns = (line: string) => (line.match(/\bR\d+\b/g) ?? []).some((run) => runs.has(run));
  const shown = told.map((line, index) => isNear.has(index) || concerns(line));
  let left = MOST_LINES;
  // The end tells most: what is too much is left out at the beginning, but for what is near a fault.
  for (let index = told.length - 1; index >= 0; index -= 1) {
    if (!shown[index]) continue;
    left -= 1;
    if (left < 0 && !isNear.has(index)) shown[index] = false;
  }
  const result: string[] = [];
  let gap = 0;
  const closeGap = () => {
    if (gap > 0) result.push(`… ${gap} ${gap === 1 ? "line" : "lines"}`);
    gap = 0;
  };
  for (const [index, line] of told.entries()) {
    if (!shown[index]) {
      gap += 1;
      continue;
    }
    closeGap();
    result.push(line);
  }
  closeGap();
  return result;
}
