// Whether an event is one that a trigger or a wait is for: type first, then `match`, then `filter`, the cheapest
// first. Holds the compiled filters, which are many times dearer to compile than to evaluate.
import type { JsonObject } from "../protocol/json.ts";
import type { Result } from "../protocol/result.ts";
import { conditionsOf, type FilteredEvent } from "./expression.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { difference, firstUnmatched } from "./match.ts";
import { matchesType } from "./type-pattern.ts";

export interface Criteria {
  /** An event type, or a prefix that ends in `*`. */
  type: string;
  filter?: string | undefined;
  match?: JsonObject | undefined;
  /** A secret stands in what is asked for: it is in no reason. */
  isSensitive?: boolean | undefined;
}

/** Why an event of the type is none that was asked for. */
export interface Unmatched {
  /** How many conditions it fulfils before the first that it does not: of two, the higher was the nearer one. */
  fulfilled: number;
  /** That first condition, in words. Worked out only when asked. */
  reason(): string;
}

/** `failed`: the filter could not be decided on this event, which counts as no match. */
export type Verdict = { matches: boolean; failed?: string; unmatched?: Unmatched };

const MAX_COMPILED = 1000;
/** Characters of a condition in a sentence. */
const MAX_SHOWN = 200;
/** Instead of why a filter failed that holds a secret. */
const UNTOLD = "it is sensitive, and so is how";

export class Matching {
  readonly #compiled = new Map<string, Result<Filter>>();

  decide(criteria: Criteria, event: FilteredEvent): Verdict {
    if (!matchesType(criteria.type, event.event.type)) return { matches: false };
    const { match, filter: text, isSensitive = false } = criteria;
    const path = match && firstUnmatched(event.event, match);
    const paths = Object.keys(match ?? {});
    if (path !== undefined) {
      const fulfilled = paths.indexOf(path);
      const reason = () =>
        isSensitive
          ? `condition ${fulfilled + 1} of its match, which is sensitive, does not hold`
          : difference(event.masked, path, match?.[path]);
      return { matches: false, unmatched: { fulfilled, reason } };
    }
    if (text === undefined) return { matches: true };
    const filter = this.#filter(text);
    const decision = filter.ok ? filter.value(event) : filter;
    if (!decision.ok) return { matches: false, failed: isSensitive ? UNTOLD : decision.error.message };
    if (decision.value) return { matches: true };
    const reason = () =>
      isSensitive
        ? "its filter, which is sensitive, says no"
        : `its filter says no: ${this.#firstFalse(text, event)} is false`;
    return { matches: false, unmatched: { fulfilled: paths.length, reason } };
  }

  /** Of conditions that must all hold the first that does not; the whole filter where that cannot be told. */
  #firstFalse(text: string, event: FilteredEvent): string {
    const firstFalse = conditionsOf(text).find((condition) => {
      const filter = this.#filter(condition);
      const decision = filter.ok ? filter.value(event) : filter;
      return decision.ok && !decision.value;
    });
    const condition = firstFalse ?? text;
    return condition.length > MAX_SHOWN ? `${condition.slice(0, MAX_SHOWN)}…` : condition;
  }

  #filter(text: string): Result<Filter> {
    const known = this.#compiled.get(text);
    if (known) return known;
    const filter = compileFilter(text);
    // Waits bring filters by the thousand, each used a few times: starting over is cheap enough.
    if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
    this.#compiled.set(text, filter);
    return filter;
  }
}
