// Every address of the dashboard. A view is a file of its own, loaded when first opened; the first one comes along.
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from "@tanstack/react-router";
import type { Run } from "./api/client.ts";
import type { EventFilter, RunFilter } from "./api/queries.ts";
import { Empty } from "./parts/empty.tsx";
import { Page } from "./parts/page.tsx";
import { Problem } from "./parts/problem.tsx";
import { Shell } from "./shell.tsx";
import { Overview } from "./views/overview.tsx";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Page title="No such page">
      <Empty title="There is nothing at this address.">
        <p>
          The menu has what there is. <Link to="/">Overview</Link>
        </p>
      </Empty>
    </Page>
  ),
  errorComponent: ({ error }) => <Problem error={error} />,
});

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const instant = (value: unknown) =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined;
const number = (value: unknown) =>
  Number.isSafeInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined;
/** Without the members that are undefined. */
const given = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };

const states: readonly string[] = ["running", "waiting", "succeeded", "failed", "cancelled", "stuck"];

function runFilter(search: Record<string, unknown>): RunFilter {
  const wanted = (Array.isArray(search.state) ? search.state : [search.state]).filter((state) =>
    states.includes(state as string),
  ) as Run["state"][];
  return given({
    state: wanted.length > 0 ? wanted : undefined,
    workflow: text(search.workflow),
    environment: text(search.environment),
    initiator: text(search.initiator),
    label: text(search.label),
    text: text(search.text),
    from: instant(search.from),
    to: instant(search.to),
  });
}

export const overviewRoute = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: Overview,
});
export const runsRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: runFilter,
  component: lazyRouteComponent(() => import("./views/runs.tsx"), "Runs"),
});
export const runTabs = ["timeline", "log", "script", "journal"] as const;
export const runRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  validateSearch: (
    search: Record<string, unknown>,
  ): { tab?: (typeof runTabs)[number]; command?: string | undefined; first?: number | undefined } =>
    given({
      tab: runTabs.find((tab) => tab === search.tab),
      command: text(search.command),
      first: number(search.first),
    }),
  component: lazyRouteComponent(() => import("./views/run.tsx"), "RunView"),
});
export const approvalsRoute = createRoute({
  getParentRoute: () => root,
  path: "/approvals",
  component: lazyRouteComponent(() => import("./views/approvals.tsx"), "Approvals"),
});
/** `event` is unfolded; `again` and `trigger` are what the form for a test event begins with. */
type EventSearch = EventFilter & { event?: number; again?: number; trigger?: string };

export const eventsRoute = createRoute({
  getParentRoute: () => root,
  path: "/events",
  validateSearch: (search: Record<string, unknown>): EventSearch =>
    given({
      type: text(search.type),
      source: text(search.source),
      subject: text(search.subject),
      text: text(search.text),
      from: instant(search.from),
      to: instant(search.to),
      event: number(search.event),
      again: number(search.again),
      trigger: text(search.trigger),
    }),
  component: lazyRouteComponent(() => import("./views/events.tsx"), "Events"),
});
export const workflowsRoute = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  component: lazyRouteComponent(() => import("./views/workflows.tsx"), "Workflows"),
});
export const workflowRoute = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$name",
  validateSearch: (search: Record<string, unknown>): { version?: number; file?: string } =>
    given({ version: number(search.version), file: text(search.file) }),
  component: lazyRouteComponent(() => import("./views/workflow.tsx"), "WorkflowPage"),
});
export const environmentsRoute = createRoute({
  getParentRoute: () => root,
  path: "/environments",
  component: lazyRouteComponent(() => import("./views/environments.tsx"), "Environments"),
});
export const environmentRoute = createRoute({
  getParentRoute: () => root,
  path: "/environments/$name",
  component: lazyRouteComponent(() => import("./views/environment.tsx"), "EnvironmentPage"),
});
export const runnersRoute = createRoute({
  getParentRoute: () => root,
  path: "/runners",
  component: lazyRouteComponent(() => import("./views/runners.tsx"), "Runners"),
});

const tree = root.addChildren([
  overviewRoute,
  runsRoute,
  runRoute,
  approvalsRoute,
  eventsRoute,
  workflowsRoute,
  workflowRoute,
  environmentsRoute,
  environmentRoute,
  runnersRoute,
]);

export function createAppRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: true });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
