// How far an operation on many runs is, and what has become of each.
import { Dialog } from "@base-ui/react/dialog";
import { Link } from "@tanstack/react-router";
import { operations } from "../../parts/operations.ts";
import { Problem } from "../../parts/problem.tsx";
import { countOf } from "./bulk.ts";
import type { BulkWork, Outcome } from "./use-bulk-work.ts";

/** Nobody reads more of them, and each is an element of the page. */
const MAX_SHOWN = 500;

/** The button that was pressed has gone: whoever goes by keyboard is on the one that comes after it. */
function focus(button: HTMLButtonElement | null): void {
  button?.focus();
}

export function BulkProgress({
  work,
  onStop,
  onGoOn,
}: {
  work: BulkWork;
  onStop: () => void;
  onGoOn: () => void;
}) {
  const { outcomes, left, unheard, isAtWork, isStopping, error } = work;
  const done = outcomes.filter(({ refusal }) => refusal === undefined);
  const refused = outcomes.filter(({ refusal }) => refusal !== undefined);
  const askedAgain = refused.filter(({ isAskedAgain }) => isAskedAgain);
  const restIs = isAtWork ? "to go" : unheard.size > 0 ? "not heard of" : "not asked";
  const said = operations[work.request.action].done;
  return (
    <div className="bulk">
      <progress
        className="bulk-progress"
        aria-label="Runs that have answered"
        max={outcomes.length + left.length}
        value={outcomes.length}
      />
      <p role="status">
        <strong>
          {done.length.toLocaleString()} {said}
        </strong>
        {refused.length > 0 && `, ${refused.length.toLocaleString()} refused`}
        {left.length > 0 && `, ${left.length.toLocaleString()} ${restIs}`}
        {!isAtWork && left.length === 0 && "."}
      </p>
      {error !== undefined && (
        <>
          <Problem error={error} />
          <p>
            What is listed has answered. Some of the others may have done it too: going on asks them all, and
            does nothing twice.
          </p>
        </>
      )}
      {refused.length > 0 && (
        <>
          <h3>Refused</h3>
          {askedAgain.length > 0 && (
            <p>
              {askedAgain.length.toLocaleString()} of these had been asked before, and the answer was lost:
              they may refuse because they did it then.
            </p>
          )}
          <Outcomes outcomes={refused} label="Runs that refused" />
        </>
      )}
      {done.length > 0 && (
        <details>
          <summary>
            {countOf(done.length)} {said}
          </summary>
          <Outcomes outcomes={done} label={`Runs ${said}`} />
        </details>
      )}
      <div className="actions end">
        {isAtWork && (
          <button
            ref={focus}
            key="stop"
            type="button"
            className="button"
            disabled={isStopping}
            onClick={onStop}
          >
            {isStopping ? "Stopping…" : "Stop"}
          </button>
        )}
        {!isAtWork && left.length > 0 && (
          <button type="button" className="button" onClick={onGoOn}>
            Go on with {countOf(left.length)}
          </button>
        )}
        {!isAtWork && (
          <Dialog.Close ref={focus} key="close" className="button primary">
            Close
          </Dialog.Close>
        )}
      </div>
    </div>
  );
}

function Outcomes({ outcomes, label }: { outcomes: readonly Outcome[]; label: string }) {
  return (
    <ul className="sample" aria-label={label}>
      {outcomes.slice(0, MAX_SHOWN).map(({ run, as, refusal }) => (
        <li key={run.id} className="outcome">
          <span>{run.workflow}</span> <RunLink id={run.id} />
          {refusal !== undefined && <span>{refusal}</span>}
          {as !== undefined && (
            <span className="quiet">
              goes on as <RunLink id={as} />
            </span>
          )}
        </li>
      ))}
      {outcomes.length > MAX_SHOWN && (
        <li className="quiet">and {(outcomes.length - MAX_SHOWN).toLocaleString()} more</li>
      )}
    </ul>
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link to="/runs/$id" params={{ id }} target="_blank" className="mono">
      {id}
    </Link>
  );
}
