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
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(`Sluice does not answer at ${connection.url} (${cause})`, {
      code: "unreachable",
      hint: "Start one with `npm start` or `sluice dev`, or name another with --url or SLUICE_URL.",
    });
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
