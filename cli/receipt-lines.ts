import pc from "picocolors";
import type { EventReceipt } from "../src/protocol/cloud-event.ts";
import { printable } from "./output.ts";

/** What an event did, a line each. */
export function receiptLines({ started, queued = [], woke, skipped = [] }: EventReceipt): string[] {
  const lines = [
    ...started.map(({ run, workflow }) => `  started ${workflow} ${pc.dim(run)}`),
    ...queued.map(
      ({ run, workflow, state, reason }) => `  ${state} ${workflow} ${pc.dim(run)}: ${printable(reason)}`,
    ),
    ...woke.map(({ run }) => `  woke ${pc.dim(run)}`),
    ...skipped.map(({ by, reason }) => `  ${pc.yellow("skipped")} ${by}: ${printable(reason)}`),
  ];
  return lines.length > 0 ? lines : [pc.dim("  no trigger and no waiting run matched")];
}
