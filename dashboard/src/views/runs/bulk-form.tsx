// What is to be done to many runs, to which, and why. Nothing has been done yet.
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type BulkAction, bulkActions, statesFor } from "../../../../src/protocol/bulk-action.ts";
import type { Run } from "../../api/client.ts";
import { operations } from "../../parts/operations.ts";
import { Problem } from "../../parts/problem.tsx";
import { ProgramField, programIn } from "../../parts/program-field.tsx";
import { exactText } from "../../parts/time.tsx";
import { conditionsOf, countOf, isEveryRun, type Scope, statesToAsk, whyNot } from "./bulk.ts";
import { foundQuery } from "./found-runs.ts";
import { RunSample } from "./run-sample.tsx";
import type { BulkRequest } from "./use-bulk-work.ts";

export function BulkForm({
  scope,
  onSubmit,
}: {
  scope: Scope;
  onSubmit: (request: BulkRequest, runs: readonly Run[]) => void;
}) {
  const [action, setAction] = useState<BulkAction>();
  /** Where those that are looked at begin, when the newer ones have been passed over. */
  const [after, setAfter] = useState<string>();
  const { runs, older, error, isPending, retry } = useRuns(scope, action, after);
  const choose = (one: BulkAction) => {
    setAction(one);
    setAfter(undefined);
  };
  const concerned = action ? runs.filter((run) => whyNot(action, run) === undefined) : [];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!action || concerned.length === 0) return;
    const form = new FormData(event.currentTarget);
    onSubmit(
      {
        action,
        program: programIn(form),
        reason: String(form.get("reason")).trim(),
      },
      concerned,
    );
  };
  return (
    <form className="bulk" onSubmit={submit}>
      <ScopeLine scope={scope} action={action} />
      <fieldset className="chips">
        <legend>What to do</legend>
        {bulkActions.map((one) => (
          <label key={one} className="chip">
            <input type="radio" name="action" value={one} required onChange={() => choose(one)} />
            {operations[one].verb}
          </label>
        ))}
      </fieldset>
      {action && <p className="quiet">{operations[action].explanation}</p>}
      {action === "restart" && (
        <ProgramField same="The one that each run executed" current="The newest version of its workflow" />
      )}
      {error && <Problem error={error} retry={retry} />}
      <div role="status" className="bulk-count">
        {isPending && <p className="quiet">Counting…</p>}
        {action && !isPending && !error && (
          <p>
            <strong>{shareOf(concerned.length, runs.length)}</strong>
            {after !== undefined && ", older than those before"}
            {older !== undefined && ". There are older ones, which this leaves as they are"}
          </p>
        )}
      </div>
      {older !== undefined && (
        <p>
          <button type="button" className="button" onClick={() => setAfter(older)}>
            Pass over these, to the older ones
          </button>
        </p>
      )}
      {action && !isPending && <RunSample action={action} runs={runs} />}
      {isEveryRun(scope) && concerned.length > 0 && (
        <label className="check every-run">
          <input type="checkbox" required /> Yes, all of them, whatever their workflow and environment
        </label>
      )}
      <label>
        Why
        <input
          name="reason"
          maxLength={2000}
          required
          // Spaces are no reason.
          pattern=".*\S.*"
          title="Say why: it is kept in the journal of each run"
          placeholder="Kept in the journal of each run, with your name"
        />
      </label>
      <div className="actions end">
        <Dialog.Close className="button">Leave them</Dialog.Close>
        <button
          type="submit"
          className={action && operations[action].isDangerous ? "button danger" : "button primary"}
          disabled={concerned.length === 0}
        >
          {action && concerned.length > 0
            ? `${operations[action].verb}: ${countOf(concerned.length)}`
            : action
              ? "Nothing to do"
              : "Choose what to do"}
        </button>
      </div>
    </form>
  );
}

/** The runs of the scope that may be concerned; those of a filter are read once it is known what for. */
function useRuns(scope: Scope, action: BulkAction | undefined, after: string | undefined) {
  const filter = "filter" in scope ? scope.filter : {};
  const isRead = "filter" in scope && action !== undefined;
  const { data, error, isPending, refetch } = useQuery({
    ...foundQuery(filter, action ? statesToAsk(action, filter) : [], after),
    enabled: isRead,
  });
  return {
    runs: "picked" in scope ? scope.picked : (data?.runs ?? []),
    older: data?.older,
    error,
    isPending: isRead && isPending,
    retry: () => void refetch(),
  };
}

function shareOf(concerned: number, found: number): string {
  if (concerned === found) return found === 0 ? "No run" : countOf(found);
  return `${concerned === 0 ? "None" : concerned.toLocaleString()} of ${countOf(found)}`;
}

function ScopeLine({ scope, action }: { scope: Scope; action: BulkAction | undefined }) {
  if ("picked" in scope) return null;
  const conditions = conditionsOf(scope.filter, exactText);
  const states = statesFor(action ?? "cancel");
  const which = action === "restart" ? "that have failed" : "that are not over";
  return (
    <div className={isEveryRun(scope) ? "every-run" : undefined}>
      {isEveryRun(scope) ? (
        <p>
          <strong>Every run there is</strong>, of those {which}: no filter is set.
        </p>
      ) : (
        <p>
          Runs that this list finds, of those {which}:{" "}
          {conditions.map((condition) => (
            <span key={condition} className="tag">
              {condition}
            </span>
          ))}
        </p>
      )}
      {action && scope.filter.state?.some((state) => !states.includes(state)) && (
        <p className="quiet">
          Runs that are {scope.filter.state.filter((state) => !states.includes(state)).join(" or ")} are left
          out: this does nothing to them.
        </p>
      )}
    </div>
  );
}
