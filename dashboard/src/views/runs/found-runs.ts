// Reads which runs a filter finds, page by page, before something is done to them.
import { queryOptions } from "@tanstack/react-query";
import { searchFault } from "../../../../src/protocol/run-words.ts";
import type { Run } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import type { RunFilter } from "../../api/queries.ts";

/** More are not read at once: the older ones are read after these. */
const MAX_FOUND = 10_000;
const PER_PAGE = 500;

interface Found {
  runs: Run[];
  /** The cursor of those that are older, where there are more than were read. */
  older?: string | undefined;
}

/**
 * Those of the filter in one of the states, newest first, after the cursor where one is given. Fails where the filter
 * would find more than it says.
 */
export const foundQuery = (filter: RunFilter, states: Run["state"][], after: string | undefined) =>
  queryOptions({
    queryKey: ["found", filter, states, after],
    queryFn: ({ signal }) => read(filter, states, after, signal),
    // It is what is looked at before something is done: as of now, each time.
    staleTime: 0,
    gcTime: 0,
  });

async function read(
  filter: RunFilter,
  states: Run["state"][],
  after: string | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const fault = filter.text === undefined ? undefined : searchFault(filter.text);
  if (fault !== undefined) throw new Error(`The words find more runs than they say: ${fault}.`);
  const runs: Run[] = [];
  if (states.length === 0) return { runs };
  for (let cursor = after; ; ) {
    const page = await answered(
      api.GET("/v1/runs", {
        params: { query: { ...filter, state: states, limit: PER_PAGE, ...(cursor && { cursor }) } },
        signal,
      }),
    );
    runs.push(...page.runs);
    cursor = page.next;
    if (cursor === undefined || runs.length >= MAX_FOUND) return { runs, older: cursor };
  }
}
