// Calls the HTTP API and turns every failure into an error that says what to do.
import { problemSchema } from "../src/protocol/problem.ts";
import type { Connection } from "./connection.ts";
import { CliError, ProblemError } from "./errors.ts";

export interface ApiRequest {
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with `headers` naming its type. */
  rawBody?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Client {
  readonly url: string;
  get<T>(path: string, request?: ApiRequest): Promise<T>;
  post<T>(path: string, request?: ApiRequest): Promise<T>;
  put<T>(path: string, request?: ApiRequest): Promise<T>;
  delete<T>(path: string, request?: ApiRequest): Promise<T>;
}

/** The header that names a request: asked for again under the same key, it counts once. */
export function idempotencyKey(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { "idempotency-key": key };
}

async function send(
  connection: Connection,
  method: string,
  path: string,
  request: ApiRequest,
): Promise<unknown> {
  const url = new URL(`${connection.url}${path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== undefined) url.searchParams.append(name, String(one));
  }
  const body = request.rawBody ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      ...(body === undefined ? {} : { body }),
      ...(request.signal ? { signal: request.signal } : {}),
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` }),
        ...request.headers,
      },
    });
  } catch (error) {
    throw unreachable(connection.url, error);
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    throw new CliError(`${method} ${path} was answered with ${response.status} and no JSON`, {
      code: "unreachable",
      hint: `Is ${connection.url} really a Sluice?`,
    });
  }
  if (response.ok) return answer;
  const problem = problemSchema.safeParse(answer);
  if (problem.success) throw new ProblemError(problem.data);
  throw new CliError(`${method} ${path} was answered with ${response.status}`);
}

/** What OpenSSL says of a certificate that no authority it knows has signed. */
const unknownAuthority = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Says why `fetch` has failed. */
export function unreachable(url: string, error: unknown): CliError {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message }: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error(String(cause));
  if (code !== undefined && unknownAuthority.has(code)) {
    return new CliError(`the certificate of ${url} is of an authority that is not known here (${code})`, {
      code: "unreachable",
      hint: "NODE_EXTRA_CA_CERTS names a file with its certificate; NODE_USE_SYSTEM_CA=1 trusts those the system trusts.",
    });
  }
  // A name with several addresses fails with several errors, and no message of its own.
  return new CliError(`Sluice does not answer at ${url} (${message || code})`, {
    code: "unreachable",
    hint: "Start one with `npm start` or `sluice dev`, or name another with --url or SLUICE_URL.",
  });
}

export function createClient(connection: Connection): Client {
  const call =
    (method: string) =>
    async <T>(path: string, request: ApiRequest = {}): Promise<T> =>
      (await send(connection, method, path, request)) as T;
  return {
    url: connection.url,
    get: call("GET"),
    post: call("POST"),
    put: call("PUT"),
    delete: call("DELETE"),
  };
}
