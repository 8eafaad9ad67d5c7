// What an operator may do to the run. Nothing is done without saying why.
import { Dialog } from "@base-ui/react/dialog";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { RunDetail } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Problem } from "../../parts/problem.tsx";
import { useMay } from "../../session.ts";

type Action = "cancel" | "terminate" | "retry" | "pause" | "resume";

const explained: Record<Action, string> = {
  cancel: "Asks the run to stop. What it has deferred still runs.",
  terminate: "Ends the run at once, without its cleanup.",
  retry: "Makes the next attempt now instead of waiting for it.",
  pause: "Lets what is under way go on, and nothing new begin.",
  resume: "Lets the run go on.",
};

function actionsFor(run: RunDetail): Action[] {
  if (run.finishedAt !== undefined) return [];
  const waitsToRetry = run.activities.some(({ state }) => state === "retrying");
  return [
    ...(waitsToRetry ? (["retry"] as const) : []),
    run.paused ? "resume" : "pause",
    "cancel",
    "terminate",
  ];
}

export function RunActions({ run }: { run: RunDetail }) {
  const [action, setAction] = useState<Action>();
  if (!useMay("operator")) return null;
  return (
    <div className="actions">
      {actionsFor(run).map((name) => (
        <button key={name} type="button" className="button" onClick={() => setAction(name)}>
          {name === "retry" ? "retry now" : name}
        </button>
      ))}
      {action && <Confirm run={run} action={action} onClose={() => setAction(undefined)} />}
    </div>
  );
}

function Confirm({ run, action, onClose }: { run: RunDetail; action: Action; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>();
  const act = async () => {
    const params = { path: { id: run.id } };
    try {
      if (action === "cancel" || action === "terminate") {
        const body = { reason, terminate: action === "terminate" };
        await answered(api.POST("/v1/runs/{id}/cancel", { params, body }));
      } else {
        const body = { operation: { action }, reason };
        await answered(api.POST("/v1/runs/{id}/operations", { params, body }));
      }
      void client.invalidateQueries({ queryKey: ["run", run.id] });
      onClose();
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>
            {action} {run.workflow}
          </Dialog.Title>
          <Dialog.Description>{explained[action]}</Dialog.Description>
          <label>
            Why
            <input value={reason} maxLength={2000} onChange={(event) => setReason(event.target.value)} />
          </label>
          {error !== undefined && <Problem error={error} />}
          <div className="actions">
            <Dialog.Close className="button">Leave it</Dialog.Close>
            <button
              type="button"
              className={action === "cancel" || action === "terminate" ? "button danger" : "button primary"}
              onClick={() => void act()}
            >
              {action}
            </button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
