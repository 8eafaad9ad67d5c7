// Follows the directory: what has changed is put into the answers that are kept, so that lists move without asking.
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { LiveNews, Stirred } from "../../../src/protocol/live.ts";
import { isFoundBy, searchedWords } from "../../../src/protocol/run-words.ts";
import type { Run } from "../api/client.ts";
import type { RunFilter } from "../api/queries.ts";
import { gathered } from "./gathered.ts";
import { setLive } from "./live-status.ts";
import { openSocket } from "./socket.ts";

interface Page {
  runs: Run[];
  next?: string;
}

/** Whether a list with this filter shows the run. The same rule as the server's. */
export function isShown(run: Run, filter: RunFilter): boolean {
  const { state, workflow, environment, initiator, label, text = "", from, to } = filter;
  if (state && state.length > 0 && !state.includes(run.state)) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (environment !== undefined && !run.environments.includes(environment)) return false;
  if (initiator !== undefined && run.initiator !== initiator) return false;
  if (from !== undefined && run.createdAt < Date.parse(from)) return false;
  if (to !== undefined && run.createdAt >= Date.parse(to)) return false;
  if (!isFoundBy(run, searchedWords(text))) return false;
  if (label === undefined) return true;
  const at = label.indexOf("=");
  return run.labels?.[label.slice(0, at)] === label.slice(at + 1);
}

/** The pages with the run in its newest form: replaced, added at the top, or gone. Runs older than its form stay. */
export function withRun(pages: Page[], run: Run, filter: RunFilter): Page[] {
  const isKnown = pages.some(({ runs }) => runs.some(({ id }) => id === run.id));
  const isWanted = isShown(run, filter);
  if (isKnown) {
    return pages.map((page) => ({
      ...page,
      runs: page.runs.flatMap((known) => {
        if (known.id !== run.id) return [known];
        if (!isWanted) return [];
        return [known.version > run.version ? known : run];
      }),
    }));
  }
  const oldest = pages.at(-1)?.runs.at(-1);
  const isBelow =
    oldest !== undefined && run.createdAt < oldest.createdAt && pages.at(-1)?.next !== undefined;
  if (!isWanted || isBelow) return pages;
  const [first, ...rest] = pages;
  const runs = [run, ...(first?.runs ?? [])].sort(
    (a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1),
  );
  return [{ ...first, runs }, ...rest];
}

/** What no cursor tells of: lists that are read again when they have changed, or may have. */
const stirring: readonly Stirred[] = ["events", "runners", "workflows"];

type Numbered = Exclude<LiveNews, { type: "stirred" }>;

function apply(client: QueryClient, news: Numbered, stir: (what: Stirred) => void): void {
  if (news.type === "reset") {
    void client.invalidateQueries();
    return;
  }
  for (const query of client.getQueryCache().findAll({ queryKey: ["runs"] })) {
    const filter = query.queryKey[1] as RunFilter;
    client.setQueryData<InfiniteData<Page>>(query.queryKey, (data) =>
      data
        ? { ...data, pages: news.runs.reduce((pages, run) => withRun(pages, run as Run, filter), data.pages) }
        : data,
    );
  }
  if (news.approvals.length > 0) void client.invalidateQueries({ queryKey: ["approvals"] });
  if (news.forms.length > 0) void client.invalidateQueries({ queryKey: ["forms"] });
  if (news.environments.length > 0) void client.invalidateQueries({ queryKey: ["environments"] });
  if (news.runs.length > 0) {
    // Runs move because of events and jobs: what shows those is asked anew, where it is on screen.
    stir("events");
    stir("runners");
    void client.invalidateQueries({ queryKey: ["locks"] });
  }
}

/**
 * Starts following after `since`; the answer stops it. Without `since` nothing says what was read when: all of it is
 * read anew as soon as the line is there.
 */
export function followDirectory(
  client: QueryClient,
  since: number | undefined,
  onSignedOut: () => void,
): () => void {
  let cursor = since;
  let wasLive = false;
  const lists = new Map(
    stirring.map((what) => [what, gathered(() => client.invalidateQueries({ queryKey: [what] }))]),
  );
  const stir = (what: Stirred) => lists.get(what)?.ask();
  setLive("directory", false);
  const close = openSocket({
    url: () => (cursor === undefined ? "/v1/live" : `/v1/live?since=${cursor}`),
    onMessage: (message) => {
      const news = message as LiveNews;
      if (news.type === "stirred") return stir(news.what);
      apply(client, news, stir);
      cursor = news.cursor;
    },
    onLive: (isLive) => {
      setLive("directory", isLive);
      // Nobody says afterwards what was stirred while the line was down.
      if (isLive && !wasLive) for (const what of stirring) stir(what);
      wasLive = isLive;
    },
    onSignedOut,
  });
  return () => {
    for (const list of lists.values()) list.stop();
    close();
    setLive("directory", undefined);
  };
}
