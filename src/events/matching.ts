// Whether an event is one that a trigger or a wait is for: type first, then `match`, then `filter`, the cheapest
// first. Holds the compiled filters, which are many times dearer to compile than to evaluate.
import type { JsonObject } from "../protocol/json.ts";
import type { Result } from "../protocol/result.ts";
import type { FilteredEvent } from "./expression.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { firstUnmatched } from "./match.ts";
import { matchesType } from "./type-pattern.ts";

export interface Criteria {
  /** An event type, or a prefix that ends in `*`. */
  type: string;
  filter?: string | undefined;
  match?: JsonObject | undefined;
}

/**
 * `failed`: the filter could not be decided on this event, which counts as no match. `unmatched`: why an event of the
 * type is none that was asked for.
 */
export type Verdict = { matches: boolean; failed?: string; unmatched?: string };

const MAX_COMPILED = 1000;

export class Matching {
  readonly #compiled = new Map<string, Result<Filter>>();

  decide(criteria: Criteria, event: FilteredEvent): Verdict {
    if (!matchesType(criteria.type, event.event.type)) return { matches: false };
    const path = criteria.match && firstUnmatched(event.event, criteria.match);
    if (path !== undefined) return { matches: false, unmatched: `${path} is not what match asks for` };
    if (criteria.filter === undefined) return { matches: true };
    const filter = this.#filter(criteria.filter);
    const decision = filter.ok ? filter.value(event) : filter;
    if (!decision.ok) return { matches: false, failed: decision.error.message };
    return decision.value ? { matches: true } : { matches: false, unmatched: "its filter says no" };
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
