// The sockets of dashboards, which hibernate with the object that they watch.

/** Set by the route that has checked who is calling: the id of the token, under which its sockets can be found. */
export const WATCHER_HEADER = "x-sluice-watcher";
/** Close codes, which the dashboard acts on. */
export const SIGNED_OUT = 4401;
const SIGN_IN_AGAIN = 4408;

/** A socket is checked when it opens, and never again: so it does not stay open for longer than this. */
const MAX_AGE_MS = 3600_000;

/** Sends the message; closes a socket that has been open for long, which its dashboard opens again and catches up. */
export function tell(socket: WebSocket, message: string, now: number): void {
  const { since } = socket.deserializeAttachment() as { since: number };
  try {
    if (now - since > MAX_AGE_MS) socket.close(SIGN_IN_AGAIN, "open for an hour: connect again");
    else socket.send(message);
  } catch {
    // It has just been closed. Its dashboard connects again and says how far it has read.
  }
}
