// The token of the link that `npm start` prints: after `#`, which browsers do not send to servers.

let linked: string | undefined;
let wasLinked = false;

/** Takes the token out of the address, where it could be copied or looked at later. Called before anything else. */
export function readLink(): void {
  linked = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
  wasLinked = linked !== undefined;
  if (wasLinked) history.replaceState(null, "", location.pathname + location.search);
}

/** The token, until somebody has signed in: one that is refused must not end in an older session. */
export function linkedToken(): string | undefined {
  return linked;
}

export function forgetLinkedToken(): void {
  linked = undefined;
}

/** Whether the page was opened by a link that should have signed in. */
export function cameByLink(): boolean {
  return wasLinked;
}
