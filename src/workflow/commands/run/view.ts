// What people see of a `run` command.
import type { Activity } from "../../../protocol/run.ts";
import type { RunFold } from "../kind.ts";
import type { RunCommand } from "./command.ts";

export function isWaiting({ call }: RunCommand): boolean {
  return call.phase.is === "held" || call.phase.is === "retrying";
}

export function reasonToWait({ name, call }: RunCommand, run: RunFold): string {
  const { phase } = call;
  switch (phase.is) {
    case "deciding":
      return "";
    case "held": {
      const reasons = run.approvals.get(phase.approval)?.reasons.join("; ") ?? "";
      return reasons === "" ? "held by policy" : `held by policy: ${reasons}`;
    }
    case "attempting":
      return phase.takenAt === undefined ? `waiting for a runner to take ${name}` : "";
    case "retrying":
      return `waiting to retry ${name}: ${call.lastError?.message ?? ""}`;
  }
}

export function shown({ call }: RunCommand): Pick<Activity, "state" | "dueAt" | "approval" | "error"> {
  const { phase, lastError } = call;
  const error = lastError ? { error: lastError } : {};
  switch (phase.is) {
    case "deciding":
      return { state: "deciding", ...error };
    case "held":
      return { state: "held", approval: phase.approval, ...error };
    case "attempting":
      return { state: phase.takenAt === undefined ? "queued" : "running", ...error };
    case "retrying":
      return { state: "retrying", dueAt: phase.dueAt, ...error };
  }
}

export function details({ call }: RunCommand): Pick<Activity, "environment" | "attempt" | "startedAt"> {
  const { environment, attempt, startedAt } = call;
  return {
    ...(environment === null ? {} : { environment }),
    ...(attempt === 0 ? {} : { attempt }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}
