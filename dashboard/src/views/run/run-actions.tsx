// What an operator may do to the run.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { BulkAction } from "../../../../src/protocol/bulk-action.ts";
import type { RunDetail } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Ask } from "../../parts/ask.tsx";
import { operations } from "../../parts/operations.ts";
import { ProgramField, programIn } from "../../parts/program-field.tsx";
import { useMay } from "../../session.ts";

function actionsFor(run: RunDetail): BulkAction[] {
  if (run.state === "failed") return ["restart"];
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
  const navigate = useNavigate();
  const [action, setAction] = useState<BulkAction>();
  const isOffered = useMay("operator");
  const actions = actionsFor(run);
  if (!isOffered || actions.length === 0) return null;

  const act = async (chosen: BulkAction, reason: string, form: FormData) => {
    const params = { path: { id: run.id } };
    if (chosen === "restart") {
      const body = { program: programIn(form), restart: true, reason };
      const made = await answered(api.POST("/v1/runs/{id}/forks", { params, body }));
      await navigate({ to: "/runs/$id", params: { id: made.id } });
      return;
    }
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
          onSubmit={(reason, form) => act(action, reason, form)}
        >
          {action === "restart" && (
            <>
              {run.parent && (
                <p>
                  Its parent was told how it ended, and gets nothing of what begins here. Restarting the
                  parent begins this anew, too.
                </p>
              )}
              <ProgramField same="The one this run executed" current="The newest version of the workflow" />
            </>
          )}
        </Ask>
      )}
    </div>
  );
}
