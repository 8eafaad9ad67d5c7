// What the run is, and what it waits for in words.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunDetail } from "../../api/client.ts";
import { isOpen } from "../../api/queries.ts";
import { Progress } from "../../parts/progress.tsx";
import { span } from "../../parts/span.ts";
import { State } from "../../parts/state.tsx";
import { Ago, Took, useNow } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";

export function RunHead({ run }: { run: RunDetail }) {
  return (
    <div className="run-summary">
      <p className="run-state">
        <State state={run.state} />
        {run.paused && <span className="state tone-held">paused by {run.paused.by}</span>}
        <Waits run={run} />
      </p>
      {run.status && run.waitingFor && <p>{run.status}</p>}
      {run.progress && <Progress {...run.progress} />}
      <dl className="facts">
        <Fact name="Started by">
          {run.initiator}, <Ago at={run.createdAt} />
        </Fact>
        <Fact name={run.finishedAt === undefined ? "Runs for" : "Took"}>
          <Took from={run.createdAt} to={run.finishedAt} />
        </Fact>
        <Fact name="Event">
          <Link to="/events" search={{ type: run.event.type }}>
            {run.event.type}
          </Link>{" "}
          {run.event.subject && <span className="quiet">{run.event.subject}</span>}
        </Fact>
        {run.environments.length > 0 && <Fact name="Environments">{run.environments.join(", ")}</Fact>}
        {run.imported && (
          <Fact name="Imported by">
            {run.imported.by}, <Ago at={run.imported.at} />
          </Fact>
        )}
        {run.restoredAt !== undefined && (
          <Fact name="From the archive">
            brought back <Ago at={run.restoredAt} />
          </Fact>
        )}
        {run.parent && (
          <Fact name="Started from">
            <RunLink id={run.parent.run}>its parent run</RunLink>
          </Fact>
        )}
        {run.continues && (
          <Fact name={run.continues.how === "forked" ? "Fork of" : "Continues"}>
            <RunLink id={run.continues.run}>the run before</RunLink>
          </Fact>
        )}
        {run.continuedAs && (
          <Fact name="Goes on as">
            <RunLink id={run.continuedAs}>the next run</RunLink>
          </Fact>
        )}
        <Fact name="Id">
          <span className="mono">{run.id}</span>
        </Fact>
        {Object.entries(run.labels ?? {}).map(([key, value]) => (
          <Fact key={key} name={key}>
            {value}
          </Fact>
        ))}
      </dl>
      {run.error && (
        <div className="problem" role="alert">
          <strong>{run.error.message}</strong>
          <p className="quiet mono">{run.error.code}</p>
          {run.traceback && <pre>{run.traceback}</pre>}
        </div>
      )}
      {run.outputs && <Tree name="outputs" value={run.outputs} />}
      {run.output !== undefined && run.output !== null && <Tree name="returned" value={run.output} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function RunLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link to="/runs/$id" params={{ id }}>
      {children}
    </Link>
  );
}

/** What it waits for, in words, and for how long yet where a clock decides. */
function Waits({ run }: { run: RunDetail }) {
  const now = useNow();
  const due = run.activities.filter(isOpen).flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
  const next = due.length > 0 ? due.reduce((least, at) => Math.min(least, at)) : undefined;
  const text = run.waitingFor || run.status || doing(run);
  return (
    <span className="waits">
      {text}
      {next !== undefined && next > now && <span className="quiet">, {span(next - now)} left</span>}
    </span>
  );
}

/** What is at work, where nothing is waited for. */
function doing(run: RunDetail): string {
  if (run.finishedAt !== undefined) return "";
  const working = run.activities.filter(({ state }) => state === "running");
  const [first] = working;
  if (!first) return "";
  const more = working.length > 1 ? ` and ${working.length - 1} more` : "";
  return `running ${first.name || first.kind}${first.environment ? ` in ${first.environment}` : ""}${more}`;
}
