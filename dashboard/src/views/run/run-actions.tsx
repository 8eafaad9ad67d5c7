// What an operator may do to the run.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { BulkAction } from "../../../../src/protocol/operation.ts";
import type { RunDetail } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Ask } from "../../parts/ask.tsx";
import { operations } from "../../parts/operations.ts";
import { useMay } from "../../session.ts";

type Action = Exclude<BulkAction, "restart">;

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
  const client = useQueryClient();
  const [action, setAction] = useState<Action>();
  const isOffered = useMay("operator");
  const actions = actionsFor(run);
  if (!isOffered || actions.length === 0) return null;

  const act = async (chosen: Action, reason: string) => {
    const params = { path: { id: run.id } };
    await answered(
      chosen === "cancel" || chosen === "terminate"
        ? api.POST("/v1/runs/{id}/cancel", {
            params,
            body: { reason, terminate: chosen === "terminate" },
          })
        : api.POST("/v1/runs/{id}/operations", { params, body: { operation: { action: chosen }, reason } }),
    );
    void client.invalidateQueries({ queryKey: ["run", run.id] });
  };
  return (
    <div className="actions">
      {actions.map((name) => (
        <button
          key={name}
          type="button"
          className={operations[name].isDangerous ? "button danger" : "button"}
          onClick={() => setAction(name)}
        >
          {operations[name].verb}
        </button>
      ))}
      {action && (
        <Ask
          {...operations[action]}
          title={`${operations[action].verb}: ${run.workflow}`}
          onClose={() => setAction(undefined)}
          onSubmit={(reason) => act(action, reason)}
        />
      )}
    </div>
  );
}
