// What an activity is called: short enough for a row, whole on hover.
import type { Activity } from "../../../../src/protocol/run.ts";
import { span } from "../../parts/span.ts";
import { exactText } from "../../parts/time.tsx";

export interface ActivityTitle {
  /** What the eye looks for. */
  short: string;
  /** What tells it from others of the same name. */
  detail: string;
  whole: string;
}

const said: Record<string, string> = {
  wait_for_event: "wait for event",
  wait_for_signal: "wait for signal",
  set_status: "set status",
  set_label: "set label",
  set_progress: "set progress",
  set_output: "set output",
};

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

export function titleOf({
  kind,
  name,
  inputs,
  environment,
}: Pick<Activity, "kind" | "name" | "environment"> & { inputs?: unknown }): ActivityTitle {
  if (kind === "run") {
    const last = name.slice(name.lastIndexOf("/") + 1) || name;
    const app = memberOf(inputs, "app");
    const about = [typeof app === "string" ? app : "", environment ? `→ ${environment}` : ""];
    return { short: last, detail: about.filter(Boolean).join(" "), whole: name };
  }
  const verb = said[kind] ?? kind.replaceAll("_", " ");
  const detail = kind === "sleep" ? sleepText(inputs) : name;
  return { short: verb, detail, whole: `${verb} ${detail}`.trim() };
}

function sleepText(inputs: unknown): string {
  const [ms, until] = [memberOf(inputs, "ms"), memberOf(inputs, "until")];
  if (typeof until === "number") return `until ${exactText(new Date(until).toISOString())}`;
  return typeof ms === "number" ? span(ms) : "";
}
