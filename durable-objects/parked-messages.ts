// What operators see and do of an actor's parked messages.
import type { Identity } from "../src/protocol/token.ts";
import type { Outbox } from "../src/storage/outbox.ts";
import { message } from "./deliver.ts";

/** Sends an actor's parked messages again, tells the audit log, and gives how many there were. */
export function retryParked(outbox: Outbox, { actor, by }: { actor: string; by: Identity }): number {
  const at = Date.now();
  const messages = outbox.unpark();
  const entry = { at, by: by.subject, action: "outbox.retry", subject: actor, data: { messages } };
  outbox.add(message("directory", "", "apply", [{ audit: [{ key: `outbox/${actor}/${at}`, ...entry }] }]));
  void outbox.flush();
  return messages;
}
