// Follows a run until it is over: redrawn in place on a terminal, a line per change elsewhere.
import { createLogUpdate } from "log-update";
import type { Activity, RunDetail } from "../src/protocol/run.ts";
import { finishedStates } from "../src/protocol/run.ts";
import type { Client } from "./client.ts";
import { ProblemError } from "./errors.ts";
import { printable } from "./output.ts";
import { runPath } from "./run-path.ts";
import { approveCommand, renderTimeline } from "./timeline.ts";
import { watchStart } from "./watch-start.ts";

const POLL_MS = 300;
/** A run begins with a message: until that has come, nobody knows a run that somebody was just told of. */
const NEW_RUN_PATIENCE_MS = 30_000;

export function isOver(run: RunDetail): boolean {
  return finishedStates.includes(run.state) || run.state === "stuck";
}

/** What changed between two looks, a line each: for logs and pipes. */
export function changeLines(before: RunDetail | undefined, after: RunDetail): string[] {
  const known = new Map(before?.activities.map((activity) => [activity.command, activity.state]));
  const name = (activity: Activity) =>
    `${activity.kind}${activity.name ? ` ${printable(activity.name)}` : ""}`;
  const lines = after.activities
    .filter((activity) => known.get(activity.command) !== activity.state)
    .map((activity) => {
      if (activity.state === "held" && activity.approval !== undefined) {
        return `${activity.command} ${name(activity)} held; to approve: ${approveCommand(activity.approval)}`;
      }
      const why = activity.error ? `: ${activity.error.code}: ${printable(activity.error.message)}` : "";
      return `${activity.command} ${name(activity)} ${activity.state}${why}`;
    });
  if (after.status !== undefined && before?.status !== after.status) {
    lines.push(`${after.workflow} says: ${printable(after.status)}`);
  }
  if (before?.state !== after.state || before.waitingFor !== after.waitingFor) {
    lines.push(
      `${after.workflow} ${after.state}${after.waitingFor ? `: ${printable(after.waitingFor)}` : ""}`,
    );
  }
  if (before?.continuedAs !== after.continuedAs) {
    lines.push(`${after.workflow} goes on as ${after.continuedAs}`);
  }
  return lines;
}

const NO_SCREEN = { show() {}, done() {} };

/**
 * Draws several runs below each other, whatever the terminal; nothing where there is nobody to look. `done` leaves the
 * last picture standing.
 */
export function createRunScreen(stream: NodeJS.WriteStream | undefined): {
  show(runs: RunDetail[], footer?: string): void;
  done(): void;
} {
  if (!stream) return NO_SCREEN;
  if (!stream.isTTY) {
    const last = new Map<string, RunDetail>();
    let lastFooter: string | undefined;
    return {
      show(runs, footer) {
        for (const run of runs) {
          for (const line of changeLines(last.get(run.id), run)) stream.write(`${line}\n`);
          last.set(run.id, run);
        }
        if (footer && footer !== lastFooter) stream.write(`${footer}\n`);
        lastFooter = footer;
      },
      done() {},
    };
  }
  const update = createLogUpdate(stream);
  return {
    show(runs, footer) {
      const width = Math.min(stream.columns ?? 100, 120);
      const pictures = runs.map((run) => renderTimeline(run, Date.now(), width));
      update([...pictures, ...(footer ? [footer] : [])].join("\n\n"));
    },
    done() {
      update.done();
    },
  };
}

/**
 * Shows the run until it is over, and each that goes on in its place; answers the last one. One that waits its turn is
 * waited for; one that is new may also be unknown yet.
 */
export async function watchRun(
  client: Pick<Client, "get">,
  { id, isNew }: { id: string; isNew: boolean },
  stream: NodeJS.WriteStream | undefined,
): Promise<RunDetail> {
  const screen = createRunScreen(stream);
  let run = await watchOne(id, isNew);
  while (run.continuedAs !== undefined) run = await watchOne(run.continuedAs, true);
  return run;

  async function watchOne(watched: string, mayBeUnknown: boolean): Promise<RunDetail> {
    let patientUntil = mayBeUnknown ? Date.now() + NEW_RUN_PATIENCE_MS : 0;
    let hasHadItsTurn = false;
    for (;;) {
      try {
        const found = await client.get<RunDetail>(runPath(watched));
        screen.show([found]);
        if (isOver(found)) {
          screen.done();
          return found;
        }
      } catch (error) {
        const code = error instanceof ProblemError ? error.problem.code : undefined;
        if (code === "run_not_started" && !hasHadItsTurn) {
          await waitItsTurn(watched);
          hasHadItsTurn = true;
          patientUntil = Date.now() + NEW_RUN_PATIENCE_MS;
        }
        const mayBegin = code === "unknown_run" || code === "run_not_started";
        if (!mayBegin || Date.now() >= patientUntil) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Flow control may let the run's start wait; where it has no say in it, the run is about to begin. */
  async function waitItsTurn(watched: string): Promise<void> {
    // What waits is told below the pictures that there are.
    screen.done();
    try {
      await watchStart(client, watched, stream);
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.code === "unknown_start")) throw error;
    }
  }
}
