// One run in the list, and for those who may act on many, the box that picks it.
import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/client.ts";
import { State } from "../../parts/state.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { aboutOf } from "./about.ts";

export function RunRow({
  run,
  isPicked,
  onPick,
}: {
  run: Run;
  isPicked: boolean;
  /** Without it nothing can be picked. `isRange`: with those between it and the last that was picked. */
  onPick?: ((isRange: boolean) => void) | undefined;
}) {
  return (
    <>
      {onPick && (
        <label className="pick">
          <input
            type="checkbox"
            aria-label={`Pick ${run.workflow}, ${run.state}, ${aboutOf(run)}`}
            checked={isPicked}
            // The change itself does not say whether Shift is held.
            onChange={({ nativeEvent }) => onPick(nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)}
          />
        </label>
      )}
      <Link to="/runs/$id" params={{ id: run.id }}>
        <State state={run.state} />
        <span className="strong cut">{run.workflow}</span>
        <span className="cut quiet">{aboutOf(run)}</span>
        <span className="cut">{run.environments.join(", ")}</span>
        <span className="cut quiet">{run.initiator}</span>
        <Took from={run.createdAt} to={run.finishedAt} />
        <span className="quiet">
          <Ago at={run.createdAt} />
        </span>
      </Link>
    </>
  );
}
