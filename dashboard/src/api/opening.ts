// The first question, asked by the page's first script: its answer is on the way while the rest of the scripts is.
import { answered, api, type Overview, type Session } from "./client.ts";
import { forgetLinkedToken, linkedToken, readLink } from "./linked-token.ts";

let asked: Promise<Overview> | undefined;
let readUpTo: number | undefined;

/** Signs in with the token of a link, where the page was opened by one. */
async function signInByLink(): Promise<Session | undefined> {
  const token = linkedToken();
  if (token === undefined) return undefined;
  const session = await answered(api.POST("/v1/session", { body: { token } }));
  forgetLinkedToken();
  return session;
}

async function read(): Promise<Overview> {
  await signInByLink();
  const overview = await answered(api.GET("/v1/overview"));
  readUpTo = overview.cursor;
  return overview;
}

/** Asks. Called once, before anything else. */
export function askFirst(): void {
  readLink();
  asked = read();
  // Who takes the answer hears of it.
  asked.catch(() => {});
}

/** The answer to the first question, once: what is asked again is asked for itself. */
export function takeOpening(): Promise<Overview> | undefined {
  const taken = asked;
  asked = undefined;
  return taken;
}

/** Who has signed in, read anew; with a link's token that has not been taken yet, whoever that one is of. */
export async function readSession(): Promise<Session> {
  return (await signInByLink()) ?? (await answered(api.GET("/v1/session")));
}

/** The directory's cursor before which nothing on this page was read; undefined when nothing says so. */
export function openingCursor(): number | undefined {
  return readUpTo;
}
