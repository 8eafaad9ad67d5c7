// What an operator may do to one activity: settle it by hand, or begin the run again from it.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Activity, RunDetail } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { isOpen } from "../../api/queries.ts";
import { Ask } from "../../parts/ask.tsx";
import { ProgramField, programIn } from "../../parts/program-field.tsx";
import { useMay } from "../../session.ts";
import { titleOf } from "./activity-title.ts";

type Action = "retry" | "skip" | "complete" | "fail" | "fork" | "restart";

const said: Record<Action, { verb: string; explanation: string; isDangerous?: boolean }> = {
  retry: { verb: "Retry now", explanation: "Makes its next attempt now instead of waiting for its time." },
  skip: { verb: "Skip", explanation: "Ends it as if it had done nothing: no outputs, and the run goes on." },
  complete: { verb: "Complete", explanation: "Ends it with a result of yours, and the run goes on." },
  fail: {
    verb: "Fail",
    explanation: "Ends it with an error, which the script sees as its own.",
    isDangerous: true,
  },
  fork: {
    verb: "Fork from here",
    explanation:
      "Begins another run with everything that happened before this call, and makes the call again.",
  },
  restart: {
    verb: "Restart from here",
    explanation: "As a fork; and this run ends in its favour.",
    isDangerous: true,
  },
};

function actionsFor(run: RunDetail, activity: Activity): Action[] {
  const isOver = run.finishedAt !== undefined;
  const settle: Action[] = isOpen(activity) && !isOver ? ["skip", "complete", "fail"] : [];
  return [
    ...(activity.state === "retrying" ? (["retry"] as const) : []),
    ...settle,
    "fork",
    ...(isOver ? [] : (["restart"] as const)),
  ];
}

export function ActivityActions({ run, activity }: { run: RunDetail; activity: Activity }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [action, setAction] = useState<Action>();
  if (!useMay("operator")) return null;

  const { command } = activity;
  const params = { path: { id: run.id } };
  const operate = async (reason: string, form: FormData, chosen: Exclude<Action, "fork" | "restart">) => {
    const operation =
      chosen === "complete"
        ? { action: chosen, command, value: resultIn(form) }
        : chosen === "fail"
          ? { action: chosen, command, code: "FailedByOperator", message: String(form.get("message")) }
          : { action: chosen, command };
    await answered(api.POST("/v1/runs/{id}/operations", { params, body: { operation, reason } }));
    void client.invalidateQueries({ queryKey: ["run", run.id] });
  };
  const fork = async (reason: string, form: FormData, restart: boolean) => {
    const program = programIn(form);
    const made = await answered(
      api.POST("/v1/runs/{id}/forks", { params, body: { command, program, restart, reason } }),
    );
    await navigate({ to: "/runs/$id", params: { id: made.id } });
  };
  return (
    <div className="actions">
      {actionsFor(run, activity).map((name) => (
        <button key={name} type="button" className="button small" onClick={() => setAction(name)}>
          {said[name].verb}
        </button>
      ))}
      {action && (
        <Ask
          {...said[action]}
          title={`${said[action].verb}: ${titleOf(activity).whole}`}
          onClose={() => setAction(undefined)}
          onSubmit={(reason, form) =>
            action === "fork" || action === "restart"
              ? fork(reason, form, action === "restart")
              : operate(reason, form, action)
          }
        >
          <Fields action={action} />
        </Ask>
      )}
    </div>
  );
}

function resultIn(form: FormData): unknown {
  try {
    return JSON.parse(String(form.get("value")));
  } catch (fault) {
    throw new Error(`The result is no JSON: ${(fault as Error).message}`);
  }
}

function Fields({ action }: { action: Action }) {
  if (action === "complete") {
    return (
      <label>
        Its result, as JSON
        <textarea name="value" rows={4} spellCheck={false} defaultValue="{}" required />
      </label>
    );
  }
  if (action === "fail") {
    return (
      <label>
        What the error says
        <input name="message" maxLength={2000} required />
      </label>
    );
  }
  if (action === "fork" || action === "restart") {
    return <ProgramField same="The one this run executes" current="The newest version of the workflow" />;
  }
  return null;
}
