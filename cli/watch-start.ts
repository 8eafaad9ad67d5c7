// Waits for a start that its workflow's flow control lets wait.
import { isWaiting, type StartView } from "../src/protocol/start.ts";
import type { Client } from "./client.ts";
import { CliError } from "./errors.ts";
import { printable } from "./output.ts";

const POLL_MS = 300;

/** What a start waits for, for people. */
export function waitingLine({
  state,
  reason,
  behind = [],
}: Pick<StartView, "state" | "reason" | "behind">): string {
  const holders = behind.length > 0 ? ` (behind ${behind.join(", ")})` : "";
  return `${state}: ${printable(reason)}${holders}`;
}

/** Returns when the start has begun its run, however long that takes; says what it waits for whenever that changes. */
export async function watchStart(
  client: Pick<Client, "get">,
  run: string,
  stream: Pick<NodeJS.WriteStream, "write"> | undefined,
): Promise<void> {
  let said = "";
  for (;;) {
    const start = await client.get<StartView>(`/v1/queue/${encodeURIComponent(run)}`);
    const line = waitingLine(start);
    if (!isWaiting(start)) {
      if (start.state === "started" || start.state === "finished") return;
      throw new CliError(`${run} never begins, it was ${line}`, { code: "start_dropped" });
    }
    if (line !== said) stream?.write(`${run} ${line}\n`);
    said = line;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
