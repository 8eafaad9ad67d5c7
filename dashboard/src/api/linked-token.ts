// The token of the link that `npm start` prints: after `#`, which browsers do not send to servers.

let linked: string | undefined;
let wasLinked = false;

/** Takes the token out of the address, where it could be copied or looked at later. Called before anything else. */
export function readLink(): void {
  linked = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
  wasLinked = linked !== undefined;
  if (wasLinked) history.replaceState(null, "", location.pathname + location.search);
}

/** The token, once. */
export function takeLinkedToken(): string | undefined {
  const token = linked;
  linked = undefined;
  return token;
}

/** Whether the page was opened by a link that should have signed in. */
export function cameByLink(): boolean {
  return wasLinked;
}
