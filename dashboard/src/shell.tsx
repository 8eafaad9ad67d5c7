// The frame around every view: who one is, where one can go, whether what one sees is live.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import type { Session } from "./api/client.ts";
import { ApiError, answered, api } from "./api/client.ts";
import { cameByLink } from "./api/linked-token.ts";
import { openingCursor } from "./api/opening.ts";
import { approvalsQuery, formsQuery, sessionQuery } from "./api/queries.ts";
import { followDirectory } from "./live/directory-feed.ts";
import { useIsLive } from "./live/live-status.ts";
import { Notices } from "./parts/notices.tsx";
import { Problem } from "./parts/problem.tsx";
import { views } from "./parts/shortcuts.ts";
import { useShortcuts } from "./parts/use-shortcuts.ts";
import { SessionContext } from "./session.ts";
import { toggleTheme } from "./theme.ts";
import { SignIn } from "./views/sign-in.tsx";

const loadPalette = () => import("./parts/command-palette.tsx");
const loadHelp = () => import("./parts/help-dialog.tsx");
const CommandPalette = lazy(async () => ({ default: (await loadPalette()).CommandPalette }));
const HelpDialog = lazy(async () => ({ default: (await loadHelp()).HelpDialog }));
/** How long after the first view the dialogs are fetched, which it does not need. */
const DIALOGS_AFTER_MS = 500;
const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Shell() {
  const session = useQuery(sessionQuery);
  if (session.data) return <SignedIn session={session.data} />;
  if (session.isPending) return <p className="quiet boot">Opening Sluice…</p>;
  if (session.error instanceof ApiError && session.error.status < 500) {
    return cameByLink() ? <SignIn refusal={session.error} /> : <SignIn />;
  }
  return <Problem error={session.error} retry={() => void session.refetch()} />;
}

function SignedIn({ session }: { session: Session }) {
  const client = useQueryClient();
  const [dialog, setDialog] = useState<"palette" | "help">();
  useEffect(
    () => followDirectory(client, openingCursor(), () => void client.resetQueries({ queryKey: ["session"] })),
    [client],
  );
  useEffect(() => {
    // What cannot be fetched now is asked for again when it is opened.
    const load = () => void Promise.all([loadPalette(), loadHelp()]).catch(() => {});
    const timer = setTimeout(load, DIALOGS_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useShortcuts({ onPalette: () => setDialog("palette"), onHelp: () => setDialog("help") });
  const close = () => setDialog(undefined);
  return (
    <SessionContext value={session}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="shell">
        <header className="bar">
          <Link to="/" className="brand">
            <img src="/icon.svg" alt="" width={20} height={20} />
            Sluice
          </Link>
          <Navigation />
          <div className="bar-end">
            <button type="button" className="button palette-button" onClick={() => setDialog("palette")}>
              Go to… <kbd>{isMac ? "⌘" : "Ctrl"} K</kbd>
            </button>
            <LiveMark />
            <Account session={session} onHelp={() => setDialog("help")} />
          </div>
        </header>
        <Notices />
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Suspense>
        {dialog === "palette" && <CommandPalette onClose={close} />}
        {dialog === "help" && <HelpDialog onClose={close} />}
      </Suspense>
    </SessionContext>
  );
}

function Navigation() {
  const held = useQuery(approvalsQuery).data?.approvals.length ?? 0;
  const waiting = held + (useQuery(formsQuery).data?.forms.length ?? 0);
  return (
    <nav aria-label="Views">
      {views.map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/" }} activeProps={{ "aria-current": "page" }}>
          {name}
          {name === "Approvals" && waiting > 0 && (
            <span className="count">
              {waiting}
              <span className="sr"> waiting</span>
            </span>
          )}
        </Link>
      ))}
    </nav>
  );
}

function LiveMark() {
  const isLive = useIsLive();
  return (
    <span className={`live ${isLive ? "is-live" : "is-not"}`} role="status">
      {isLive ? "Live" : "Not live"}
      {!isLive && <span className="live-more">, reconnecting…</span>}
    </span>
  );
}

function Account({ session, onHelp }: { session: Session; onHelp: () => void }) {
  const client = useQueryClient();
  const signOut = async () => {
    await answered(api.DELETE("/v1/session"));
    // Nothing of what this person saw stays behind.
    client.clear();
    location.assign("/");
  };
  return (
    <details className="account">
      <summary aria-label={`Account of ${session.subject}`}>{session.subject}</summary>
      <div className="menu">
        <p className="quiet">
          Signed in as <strong>{session.subject}</strong>, {session.role}
        </p>
        <button type="button" onClick={toggleTheme}>
          Light or dark
        </button>
        <button type="button" onClick={onHelp}>
          Keyboard and help
        </button>
        <a href="/docs">API reference</a>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </details>
  );
}
