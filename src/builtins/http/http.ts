import { z } from "zod";
import type { JobOutcome } from "../../protocol/job.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import {
  type BuiltinCall,
  checkInputs,
  failure,
  idempotencyKey,
  type Outbound,
  type OutboundBuiltin,
} from "../builtin.ts";
import { BodyTooLarge, readText } from "./body.ts";
import { assertMayCall, HostUnresolved, OutboundRefused } from "./guard.ts";

const MAX_REDIRECTS = 5;
/** A third of what an outcome may hold: a JSON answer is in it twice, and escapes lengthen text. */
const MAX_ANSWER_BYTES = 340 * 1024;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** Worth another try: the server was busy or not there. */
const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
/** They describe the connection, which is not the script's. */
const forbiddenHeaders =
  /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|keep-alive|proxy-.*|cf-.*)$/i;
/** What another origin is told. Any other header may be a credential: every API has its own name for that. */
const harmlessHeaders = /^(accept|accept-.*|user-agent|content-type|idempotency-key)$/;

const callSchema = z.strictObject({
  url: z.url().max(8192),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/i, "not a header name")
        .refine((name) => !forbiddenHeaders.test(name), "this header is set by Sluice"),
      z
        .string()
        .max(16_384)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "not a header value"),
    )
    .default({}),
  /** Text is sent as it is, anything else as JSON. */
  body: z.json().optional(),
  /** Seconds, for the whole call, redirects included. */
  timeout: z.number().positive().max(300).default(30),
  /** Whether a status of 400 or more is an error. */
  fail: z.boolean().default(true),
});
const inputsSchema = callSchema.refine(
  ({ method, body }) => body === undefined || (method !== "GET" && method !== "HEAD"),
  { path: ["body"], message: "GET and HEAD carry no body" },
);
type Inputs = z.infer<typeof inputsSchema>;

/**
 * `builtin://http`: one HTTP call from Sluice itself. Inputs `url`, `method` (GET), `headers`, `body`, `timeout`
 * (30 s), `fail` (True); outputs `status`, `headers`, `body` (text), `json` (parsed, when the answer says it is
 * JSON) and `url` (the last one, after redirects). Errors: `HttpRefused` (the address is not public, or another origin
 * than the script's would get the body), `HttpStatus` (400 or more), `HttpTimeout`, `HttpFailed`, `PayloadTooLarge`.
 */
export const http: OutboundBuiltin = {
  kind: "outbound",
  async perform(call, outbound) {
    const inputs = checkInputs("http", inputsSchema, call.inputs);
    if ("outcome" in inputs) return inputs.outcome;
    const { url, timeout } = inputs.value;
    const signal = AbortSignal.timeout(timeout * 1000);
    try {
      return await answerOf(await follow(call, inputs.value, signal, outbound), inputs.value.fail);
    } catch (error) {
      if (error instanceof OutboundRefused) return failure("HttpRefused", error.message);
      if (error instanceof BodyTooLarge) return failure("PayloadTooLarge", `${url}: ${error.message}`);
      if (signal.aborted) {
        return failure("HttpTimeout", `${url} did not answer within ${timeout} s`, { retryable: true });
      }
      const reason = error instanceof HostUnresolved ? error.message : `${url}: ${messageOf(error)}`;
      return failure("HttpFailed", reason, { retryable: true });
    }
  },
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls, and goes where it is redirected, judging every address anew. */
async function follow(
  call: BuiltinCall,
  inputs: Inputs,
  signal: AbortSignal,
  outbound: Outbound,
): Promise<Response & { at: string }> {
  let url = new URL(inputs.url);
  let method = inputs.method;
  const headers = new Headers(inputs.headers);
  let body = bodyOf(inputs, headers);
  if (!headers.has("user-agent")) headers.set("user-agent", "sluice");
  if (!headers.has("idempotency-key") && method !== "GET" && method !== "HEAD") {
    headers.set("idempotency-key", idempotencyKey(call));
  }
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    await assertMayCall(url, outbound);
    const response = await outbound.fetch(
      new Request(url, {
        method,
        headers,
        redirect: "manual",
        signal,
        ...(body === undefined ? {} : { body }),
      }),
    );
    const location = response.headers.get("location");
    if (!redirectStatuses.has(response.status) || location === null) {
      return Object.assign(response, { at: url.href });
    }
    await response.body?.cancel();
    const next = new URL(location, url);
    // As browsers do: 303 always, 301 and 302 for POST, become a GET without a body.
    if (response.status === 303 || (response.status <= 302 && method === "POST")) {
      method = method === "HEAD" ? "HEAD" : "GET";
      body = undefined;
      headers.delete("content-type");
    }
    if (next.origin !== url.origin) {
      if (body !== undefined) throw new OutboundRefused(bodyElsewhere(url, next));
      // What was meant for one server is not told to another.
      for (const name of [...headers.keys()]) if (!harmlessHeaders.test(name)) headers.delete(name);
    }
    url = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

function bodyElsewhere(from: URL, to: URL): string {
  return (
    `${from.origin} redirects to ${to.origin} with the body, which was not meant for that: ` +
    `if it is, call ${to.origin} outright`
  );
}

function bodyOf(inputs: Inputs, headers: Headers): string | undefined {
  if (inputs.body === undefined) return undefined;
  if (typeof inputs.body === "string") return inputs.body;
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return JSON.stringify(inputs.body);
}

async function answerOf(response: Response & { at: string }, fail: boolean): Promise<JobOutcome> {
  const body = await readText(response, MAX_ANSWER_BYTES);
  const headers: JsonObject = {};
  for (const [name, value] of response.headers) headers[name] = value;
  const answer: JsonObject = { status: response.status, url: response.at, headers, body };
  const json = parsedJson(response.headers.get("content-type"), body);
  if (json !== undefined) answer.json = json;
  if (!fail || response.status < 400) return { ok: answer };
  return failure("HttpStatus", `${response.at} answered ${response.status}`, {
    retryable: retryableStatuses.has(response.status),
    details: { status: response.status, body: shortened(body) },
  });
}

/** What an error keeps of an answer. */
const MAX_SHOWN = 4096;

/** The mark at the end also tells a mask that a secret may have been cut there. */
function shortened(body: string): string {
  return body.length > MAX_SHOWN ? `${body.slice(0, MAX_SHOWN)}…` : body;
}

function parsedJson(contentType: string | null, body: string): JsonValue | undefined {
  if (!/^application\/([^;]*\+)?json\b/i.test(contentType ?? "")) return undefined;
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    // The sender's claim was wrong; the text is there all the same.
    return undefined;
  }
}
