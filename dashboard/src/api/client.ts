// The API, typed from its own description: a route that changes breaks the build of the dashboard.
import createClient from "openapi-fetch";
import type { paths } from "../../generated/api.ts";

export const api = createClient<paths>({ baseUrl: location.origin });

/** A refusal of the API, as people should read it. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The data of an answer. Throws ApiError for a refusal, whatever its form. */
export async function answered<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await request;
  if (response.ok) return data as T;
  const problem = (typeof error === "object" ? error : null) as { code?: string; detail?: string } | null;
  throw new ApiError(
    response.status,
    problem?.code ?? "unreadable",
    problem?.detail ?? `The server answered ${response.status}. Try again in a moment.`,
  );
}

type Get<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

export type Session = Get<"/v1/session">;
export type Run = Get<"/v1/runs">["runs"][number];
export type RunDetail = Get<"/v1/runs/{id}">;
export type Activity = RunDetail["activities"][number];
export type LogLine = Get<"/v1/runs/{id}/log">["lines"][number];
export type Approval = Get<"/v1/approvals">["approvals"][number];
export type Environment = Get<"/v1/environments">["environments"][number];
