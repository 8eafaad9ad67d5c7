// The words that a run is found by: for the directory, which keeps an index of them, and for the dashboard, which
// sees to it that a list of what was searched for stays right while runs change.
import type { RunSummary } from "./run.ts";

/** Longer text in a run is not searched past this, in UTF-16 units: of an error message the beginning is enough. */
const MAX_TEXT_LENGTH = 2000;
const MAX_WORDS = 200;
const MAX_WORD_LENGTH = 64;
/** Of a search. */
const MAX_SEARCHED_WORDS = 10;

/** Runs of letters and digits, in lower case and without accents, each once. Ids are found without their `run_`. */
function wordsIn(text: string, max: number): string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/\brun_(?=[0-9a-f])/g, " ");
  const words = (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => word.slice(0, MAX_WORD_LENGTH));
  return [...new Set(words)].slice(0, max);
}

/** What somebody asks for. No word at all asks for nothing in particular. */
export function searchedWords(text: string): string[] {
  return wordsIn(text, MAX_SEARCHED_WORDS);
}

/** Why a search would find more runs than its text says, which is no matter to a list: `undefined` where it would not. */
export function searchFault(text: string): string | undefined {
  const words = wordsIn(text, MAX_SEARCHED_WORDS + 1).length;
  if (words === 0) return "a text without letters and digits has no word to search for";
  return words > MAX_SEARCHED_WORDS
    ? `more than ${MAX_SEARCHED_WORDS} words are not searched for: leave some out`
    : undefined;
}

type Searchable = Pick<
  RunSummary,
  "id" | "workflow" | "trigger" | "initiator" | "state" | "status" | "waitingFor" | "environments" | "labels"
> & {
  event: { type: string; source: string; subject?: string | undefined };
  error?: { code: string; message: string } | undefined;
};

/** By what a run is found: its names, its labels, what it is about and what it says. */
export function wordsOfRun(run: Searchable): string[] {
  const { event, error, labels = {} } = run;
  const texts = [
    run.id,
    run.workflow,
    run.trigger,
    run.initiator,
    run.state,
    event.subject ?? "",
    event.type,
    event.source,
    ...run.environments,
    ...Object.entries(labels).flat(),
    run.status ?? "",
    run.waitingFor,
    error ? `${error.code} ${error.message}` : "",
  ];
  return wordsIn(texts.map((text) => text.slice(0, MAX_TEXT_LENGTH)).join(" "), MAX_WORDS);
}

/** Whether each of the words searched for begins one of the run's. */
export function isFoundBy(run: Searchable, searched: readonly string[]): boolean {
  if (searched.length === 0) return true;
  const words = wordsOfRun(run);
  return searched.every((wanted) => words.some((word) => word.startsWith(wanted)));
}
