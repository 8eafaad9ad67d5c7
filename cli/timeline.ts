// Draws a run as a timeline: one row an activity, bars on a common time axis, what it waits for, what to do next.
import pc from "picocolors";
import { type Activity, finishedStates, type RunDetail, type RunState } from "../src/protocol/run.ts";
import { ago, duration, pad, printable, visibleWidth } from "./output.ts";

/** Deeper fibers are drawn as deep as this. */
const MAX_INDENT = 4;

const stateMark: Record<Activity["state"], string> = {
  deciding: "·",
  held: "‖",
  queued: "…",
  running: "▶",
  retrying: "↻",
  waiting: "◷",
  succeeded: "✓",
  failed: "✗",
  cancelled: "⊘",
};

const tint: Record<Activity["state"], (text: string) => string> = {
  deciding: pc.dim,
  held: pc.yellow,
  queued: pc.dim,
  running: pc.cyan,
  retrying: pc.yellow,
  waiting: pc.blue,
  succeeded: pc.green,
  failed: pc.red,
  cancelled: pc.dim,
};

const runTint: Record<RunState, (text: string) => string> = {
  running: pc.cyan,
  waiting: pc.yellow,
  succeeded: pc.green,
  failed: pc.red,
  cancelled: pc.dim,
  stuck: pc.magenta,
};

function cut(text: string, width: number): string {
  return visibleWidth(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** `reconcile@v1 shop-canary`: the function's last path segment and what it is about. */
function label(activity: Activity): string {
  const { kind, name, inputs } = activity;
  if (kind !== "run") return name === "" ? kind.replaceAll("_", " ") : `${kind.replaceAll("_", " ")} ${name}`;
  const short =
    name
      .replace(/^builtin:\/\//, "")
      .split("/")
      .at(-1) ?? name;
  const about =
    inputs !== null && typeof inputs === "object" && !Array.isArray(inputs)
      ? (inputs.app ?? inputs.type)
      : undefined;
  return typeof about === "string" ? `${short} ${about}` : short;
}

/** What fibers do is indented by how deep they were started. */
function indent({ fiber }: Activity): string {
  const depth = fiber.split(".").length - 1;
  return "  ".repeat(Math.min(depth, MAX_INDENT));
}

function status(activity: Activity, now: number): string {
  const took = duration((activity.finishedAt ?? now) - activity.scheduledAt);
  switch (activity.state) {
    case "succeeded":
    case "cancelled":
      return took;
    case "failed":
      return `${activity.error?.code ?? "failed"} after ${took}`;
    case "held":
      return "held by policy";
    case "waiting":
    case "retrying":
      return activity.dueAt === undefined
        ? activity.state
        : `${duration(Math.max(0, activity.dueAt - now))} left`;
    case "running": {
      const progress = activity.progress;
      const share = progress?.total ? ` ${Math.round((100 * progress.done) / progress.total)} %` : "";
      const attempt = (activity.attempt ?? 1) > 1 ? ` (attempt ${activity.attempt})` : "";
      return `running${share}${attempt}`;
    }
    case "deciding":
    case "queued":
      return activity.state;
  }
}

/** The stretch of the axis an activity took: light while it waited for a runner or a person, solid while it worked. */
function bar(activity: Activity, start: number, span: number, width: number, now: number): string {
  const column = (at: number) => Math.min(width, Math.max(0, Math.round(((at - start) / span) * width)));
  const from = Math.min(column(activity.scheduledAt), width - 1);
  const to = Math.max(from + 1, column(activity.finishedAt ?? now));
  const working =
    activity.startedAt === undefined ? to : Math.min(to, Math.max(from, column(activity.startedAt)));
  const idle = activity.kind === "run" ? working - from : to - from;
  const paint = tint[activity.state];
  return pad(" ".repeat(from) + paint("░".repeat(idle) + "█".repeat(to - from - idle)), width);
}

function headline(run: RunDetail, now: number, width: number): string {
  const took = duration((run.finishedAt ?? now) - run.createdAt);
  const isWaiting = run.waitingFor !== "" && !finishedStates.includes(run.state);
  const taken = visibleWidth(`${run.workflow}  ${run.state}:   ${took}  ${run.id}`);
  const waiting = isWaiting ? `: ${cut(printable(run.waitingFor), Math.max(20, width - taken))}` : "";
  return `${pc.bold(run.workflow)}  ${runTint[run.state](run.state)}${waiting}  ${pc.dim(`${took}  ${run.id}`)}`;
}

/** Where it comes from, and what goes on in its place. */
function origins({ imported, restoredAt, parent, continues, continuedAs }: RunDetail, now: number): string[] {
  const beginnings = { continued: "continues", forked: "forked from" };
  return [
    ...(imported ? [`imported by ${printable(imported.by)} ${ago(imported.at, now)}`] : []),
    ...(restoredAt === undefined ? [] : [`brought back from the archive ${ago(restoredAt, now)}`]),
    ...(parent ? [`started by ${parent.run}, command ${parent.command}`] : []),
    ...(continues ? [`${beginnings[continues.how]} ${continues.run}`] : []),
    ...(continuedAs === undefined ? [] : [`goes on as ${continuedAs}`]),
  ];
}

/** What the run says of itself. */
function saying({ status, progress, labels = {} }: RunDetail): string[] {
  const done = progress && `${progress.done}${progress.total === undefined ? "" : `/${progress.total}`}`;
  const about = [done, status].filter((part) => part !== undefined).join("  ");
  const tags = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [about, tags.join(" ")].filter((line) => line !== "").map((line) => printable(line));
}

export function approveCommand(approval: string): string {
  return `npx sluice approval approve ${approval}`;
}

function widest(texts: readonly string[], least: number): number {
  return texts.reduce((most, text) => Math.max(most, visibleWidth(text)), least);
}

/**
 * The run as lines of at most `width` columns. Pure: `now` (ms) places the open ends of bars. `showsIds` puts before each
 * activity the id by which operators name its command.
 */
export function renderTimeline(
  run: RunDetail,
  now: number,
  width: number,
  { showsIds = false }: { showsIds?: boolean } = {},
): string {
  const idWidth = showsIds
    ? widest(
        run.activities.map(({ command }) => command),
        0,
      ) + 2
    : 0;
  const labels = run.activities.map(
    (activity) =>
      (showsIds ? activity.command.padEnd(idWidth) : "") + indent(activity) + printable(label(activity)),
  );
  const statuses = run.activities.map((activity) => printable(status(activity, now)));
  const labelWidth = Math.min(widest(labels, 12), Math.max(12, Math.floor(width * 0.4)));
  const statusWidth = Math.min(widest(statuses, 0), Math.floor(width * 0.33));
  const barWidth = Math.max(8, width - labelWidth - statusWidth - 8);
  const span = Math.max(1, (run.finishedAt ?? now) - run.createdAt);
  const about = [
    ...origins(run, now).map((line) => pc.dim(line)),
    ...saying(run).map((line) => cut(line, width - 2)),
  ];
  const lines = [headline(run, now, width), ...about.map((line) => `  ${line}`)];
  for (const [index, activity] of run.activities.entries()) {
    const paint = tint[activity.state];
    lines.push(
      [
        " ",
        paint(stateMark[activity.state]),
        pad(cut(labels[index] ?? "", labelWidth), labelWidth),
        pc.dim("│") + bar(activity, run.createdAt, span, barWidth, now) + pc.dim("│"),
        paint(cut(statuses[index] ?? "", statusWidth)),
      ].join(" "),
    );
    if (activity.state === "held" && activity.approval !== undefined) {
      lines.push(`    ${pc.yellow("to approve:")} ${approveCommand(activity.approval)}`);
    }
    if (activity.operated) {
      const { action, by, reason } = activity.operated;
      const why = reason === "" ? "" : `: ${reason}`;
      lines.push(`    ${pc.dim(cut(printable(`${action} by ${by}${why}`), width - 4))}`);
    }
    if (activity.state === "failed" && activity.error)
      lines.push(`    ${pc.red(cut(printable(activity.error.message), width - 4))}`);
  }
  if (run.error && (run.state === "failed" || run.state === "stuck")) {
    lines.push(`  ${pc.red(`${run.error.code}: ${printable(run.error.message)}`)}`);
    if (run.traceback)
      lines.push(
        ...printable(run.traceback)
          .split("\n")
          .map((line) => `    ${pc.dim(line)}`),
      );
  }
  return lines.join("\n");
}
