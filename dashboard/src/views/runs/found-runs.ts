// Reads which runs a filter finds, page by page, before something is done to them.
import { queryOptions } from "@tanstack/react-query";
import { searchFault } from "../../../../src/protocol/run-words.ts";
import type { Run } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import type { RunFilter } from "../../api/queries.ts";

/** More are not read at once: the same again does the rest. */
const MAX_FOUND = 10_000;
const PER_PAGE = 500;

interface Found {
  runs: Run[];
  /** There are more than were read. */
  isCut: boolean;
}

/** Those of the filter in one of the states, newest first. Fails where the filter would find more than it says. */
export const foundQuery = (filter: RunFilter, states: Run["state"][]) =>
  queryOptions({
    queryKey: ["found", filter, states],
    queryFn: ({ signal }) => read(filter, states, signal),
    // It is what is looked at before something is done: as of now, each time.
    staleTime: 0,
    gcTime: 0,
  });

async function read(filter: RunFilter, states: Run["state"][], signal: AbortSignal): Promise<Found> {
  const fault = filter.text === undefined ? undefined : searchFault(filter.text);
  if (fault !== undefined) throw new Error(`The words find more runs than they say: ${fault}.`);
  const runs: Run[] = [];
  if (states.length === 0) return { runs, isCut: false };
  for (let cursor: string | undefined; ; ) {
    const page = await answered(
      api.GET("/v1/runs", {
        params: { query: { ...filter, state: states, limit: PER_PAGE, ...(cursor && { cursor }) } },
        signal,
      }),
    );
    runs.push(...page.runs);
    cursor = page.next;
    if (cursor === undefined) return { runs, isCut: false };
    if (runs.length >= MAX_FOUND) return { runs, isCut: true };
  }
}
