// Every question the dashboard asks, under the key by which its answer is kept and made anew.
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import type { EventStory } from "../../../src/protocol/cloud-event.ts";
import type { JournalRecord } from "../../../src/protocol/journal.ts";
import { OVERVIEW_WAITING } from "../../../src/protocol/overview.ts";
import type { Activity, LogLine, Overview, Run } from "./client.ts";
import { answered, api } from "./client.ts";
import { readSession, takeOpening } from "./opening.ts";

export interface RunFilter {
  state?: Run["state"][];
  workflow?: string;
  environment?: string;
  initiator?: string;
  label?: string;
  text?: string;
  /** ISO 8601. */
  from?: string;
  to?: string;
}

export interface EventFilter {
  type?: string;
  source?: string;
  subject?: string;
  text?: string;
  from?: string;
  to?: string;
}

/** Who one is. The first time with what the first view shows, which is kept as the answers to those questions. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ client }) => {
    const opening = takeOpening();
    if (!opening) return await readSession();
    const overview = await opening;
    keepOverview(client, overview);
    return overview.session;
  },
  retry: false,
  staleTime: 300_000,
});

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET("/v1/runs", {
          params: { query: { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });

/** The lists of the overview; also what the list of all runs shows with that filter. */
export const movingRuns: RunFilter = { state: ["running", "waiting", "stuck"] };
export const failedRuns: RunFilter = { state: ["failed"] };
export const succeededRuns: RunFilter = { state: ["succeeded"] };

function keepOverview(client: QueryClient, overview: Overview): void {
  const { environments, moving, failed, succeeded, approvals, forms } = overview;
  client.setQueryData(environmentsQuery.queryKey, { environments });
  client.setQueryData(approvalsQuery.queryKey, { approvals }, mayBeCut(approvals));
  client.setQueryData(formsQuery.queryKey, { forms }, mayBeCut(forms));
  const lists = [
    [movingRuns, moving],
    [failedRuns, failed],
    [succeededRuns, succeeded],
  ] as const;
  for (const [filter, page] of lists) {
    client.setQueryData(runsQuery(filter).queryKey, { pages: [page], pageParams: [""] });
  }
}

/** A list as long as the overview's longest is shown, and read to its end. */
const mayBeCut = ({ length }: { length: number }) => (length < OVERVIEW_WAITING ? {} : { updatedAt: 1 });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: () => answered(api.GET("/v1/runs/{id}", { params: { path: { id } } })),
  });

/** As many as one answer gives. */
export const ACTIVITIES_PER_PAGE = 1000;

/** Activities of a run in the order of their calls, after that many. */
export const activitiesQuery = (id: string, after: number) =>
  queryOptions({
    queryKey: ["run", id, "activities", after],
    queryFn: () =>
      answered(
        api.GET("/v1/runs/{id}/activities", {
          params: { path: { id }, query: { after, limit: ACTIVITIES_PER_PAGE } },
        }),
      ),
  });

export const sourceQuery = (id: string) =>
  queryOptions({
    queryKey: ["source", id],
    queryFn: () => answered(api.GET("/v1/runs/{id}/source", { params: { path: { id } } })),
    // A run keeps the program it began with.
    staleTime: Number.POSITIVE_INFINITY,
  });

export async function readJournal(
  id: string,
  after: number,
): Promise<{ items: JournalRecord[]; more: boolean }> {
  const page = await answered(
    api.GET("/v1/runs/{id}/journal", { params: { path: { id }, query: { after, limit: 1000 } } }),
  );
  return { items: page.records as unknown as JournalRecord[], more: page.next !== undefined };
}

export async function readLog(id: string, after: number): Promise<{ items: LogLine[]; more: boolean }> {
  const page = await answered(
    api.GET("/v1/runs/{id}/log", { params: { path: { id }, query: { after, limit: 1000 } } }),
  );
  return { items: page.lines, more: page.next !== undefined };
}

/** What waits for people is read to its end: what is asked must not be hidden by what was asked later. */
async function allPending<Page extends { next?: string | undefined }>(
  ask: (query: { state: "pending"; limit: number; cursor?: string }) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask({ state: "pending", limit: 500, ...(cursor !== undefined && { cursor }) });
    pages.push(page);
    cursor = page.next;
    if (cursor === undefined) return pages;
  }
}

export const approvalsQuery = queryOptions({
  queryKey: ["approvals", "pending"],
  queryFn: async ({ signal }) => {
    const pages = await allPending((query) =>
      answered(api.GET("/v1/approvals", { params: { query }, signal })),
    );
    return { approvals: pages.flatMap(({ approvals }) => approvals) };
  },
});

export const formsQuery = queryOptions({
  queryKey: ["forms", "pending"],
  queryFn: async ({ signal }) => {
    const pages = await allPending((query) => answered(api.GET("/v1/forms", { params: { query }, signal })));
    return { forms: pages.flatMap(({ forms }) => forms) };
  },
});

/** Those in every state, by pages: what has been decided is told apart by who shows it. */
export const allApprovalsQuery = infiniteQueryOptions({
  queryKey: ["approvals", "all"],
  queryFn: ({ pageParam }) =>
    answered(
      api.GET("/v1/approvals", {
        params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page) => page.next,
});

export const environmentsQuery = queryOptions({
  queryKey: ["environments"],
  queryFn: () => answered(api.GET("/v1/environments")),
});

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: () => answered(api.GET("/v1/workflows")),
});

export const workflowQuery = (name: string) =>
  queryOptions({
    queryKey: ["workflows", name],
    queryFn: () => answered(api.GET("/v1/workflows/{name}", { params: { path: { name } } })),
  });

export const runnersQuery = queryOptions({
  queryKey: ["runners"],
  queryFn: () => answered(api.GET("/v1/runners")),
});

export const eventsQuery = (filter: EventFilter) =>
  infiniteQueryOptions({
    queryKey: ["events", filter],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET("/v1/events", {
          params: { query: { ...filter, limit: 50, ...(pageParam ? { before: pageParam } : {}) } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
  });

export const eventQuery = (seq: number) =>
  queryOptions({
    queryKey: ["events", "story", seq],
    queryFn: async () =>
      (await answered(api.GET("/v1/events/{seq}", { params: { path: { seq } } }))) as unknown as EventStory,
  });

export const triggersQuery = queryOptions({
  queryKey: ["workflows", "triggers"],
  queryFn: () => answered(api.GET("/v1/triggers")),
});

export const versionsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["workflows", name, "versions"],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET("/v1/workflows/{name}/versions", {
          params: { path: { name }, query: { limit: 20, ...(pageParam ? { before: pageParam } : {}) } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
  });

export const versionQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ["version", name, version],
    queryFn: () =>
      answered(api.GET("/v1/workflows/{name}/versions/{version}", { params: { path: { name, version } } })),
    // What was registered once stays as it was.
    staleTime: Number.POSITIVE_INFINITY,
  });

export const schedulesQuery = queryOptions({
  queryKey: ["workflows", "schedules"],
  queryFn: () => answered(api.GET("/v1/schedules")),
});

export const startQueueQuery = queryOptions({
  queryKey: ["events", "queue"],
  queryFn: () => answered(api.GET("/v1/queue", { params: { query: { limit: 500 } } })),
});

export const deploymentsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["environments", name, "deployments"],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET("/v1/environments/{name}/deployments", {
          params: { path: { name }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });

export const healthQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["environments", name, "health"],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET("/v1/environments/{name}/health", {
          params: { path: { name }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });

export const locksQuery = queryOptions({
  queryKey: ["locks"],
  queryFn: () => answered(api.GET("/v1/locks")),
});

/** An activity that has not ended. */
export function isOpen({ state }: Pick<Activity, "state">): boolean {
  return state !== "succeeded" && state !== "failed" && state !== "cancelled";
}
