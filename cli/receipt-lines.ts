import pc from "picocolors";
import type { EventReceipt } from "../src/protocol/cloud-event.ts";
import { printable } from "./output.ts";

/** What an event did, a line each. */
export function receiptLines({ started, queued = [], woke, more, skipped = [] }: EventReceipt): string[] {
  const lines = [
    ...started.map(({ run, workflow }) => `  started ${workflow} ${pc.dim(run)}`),
    ...moreLines("started", more?.started),
    ...queued.map(
      ({ run, workflow, state, reason }) => `  ${state} ${workflow} ${pc.dim(run)}: ${printable(reason)}`,
    ),
    ...moreLines("queued", more?.queued),
    ...woke.map(({ run }) => `  woke ${pc.dim(run)}`),
    ...moreLines("woke", more?.woke),
    ...skipped.map(({ by, reason }) => `  ${pc.yellow("skipped")} ${by}: ${printable(reason)}`),
  ];
  return lines.length > 0 ? lines : [pc.dim("  no trigger and no waiting run matched")];
}

/** Of lists that the server cuts. */
function moreLines(what: string, more = 0): string[] {
  return more > 0 ? [pc.dim(`  ${what} ${more} more`)] : [];
}

/** What of this type an event was not for, and why: triggers, and the nearest of the runs that waited. */
export function unmatchedLines({
  unmatched = [],
  notWoken = { total: 0, nearest: [] },
}: EventReceipt): string[] {
  const others = notWoken.total - notWoken.nearest.length;
  return [
    ...unmatched.map(({ trigger, reason }) => `  ${pc.dim("not for")} ${trigger}: ${printable(reason)}`),
    ...notWoken.nearest.map(
      ({ run, command, reason }) =>
        `  ${pc.dim("not for")} ${pc.dim(run)}, which waits at ${command}: ${printable(reason)}`,
    ),
    ...(others > 0 ? [pc.dim(`  nor for ${others} more that waited for events of this type`)] : []),
  ];
}
