// The API, typed from its own description: a route that changes breaks the build of the dashboard.
import createClient from "openapi-fetch";
import type { paths } from "../../generated/api.ts";

export const api = createClient<paths>({ baseUrl: location.origin });

/** A refusal of the API, as people should read it. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** What is wrong with each member of what was sent, where that can be said. */
  readonly faults: readonly Fault[];

  constructor(status: number, code: string, detail: string, faults: readonly Fault[] = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.faults = faults;
  }
}

interface Fault {
  /** A JSON pointer into what was sent. */
  pointer: string;
  message: string;
}

/** The data of an answer. Throws ApiError for a refusal, whatever its form. */
export async function answered<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await request;
  if (response.ok) return data as T;
  const problem = (typeof error === "object" ? error : null) as {
    code?: string;
    detail?: string;
    errors?: Fault[];
  } | null;
  throw new ApiError(
    response.status,
    problem?.code ?? "unreadable",
    problem?.detail ?? `The server answered ${response.status}. Try again in a moment.`,
    problem?.errors,
  );
}

type Get<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

export type Session = Get<"/v1/session">;
export type Overview = Get<"/v1/overview">;
export type Run = Get<"/v1/runs">["runs"][number];
export type RunDetail = Get<"/v1/runs/{id}">;
export type Activity = RunDetail["activities"][number];
export type LogLine = Get<"/v1/runs/{id}/log">["lines"][number];
export type Approval = Get<"/v1/approvals">["approvals"][number];
export type Trigger = Get<"/v1/triggers">["triggers"][number];
export type Schedule = Get<"/v1/schedules">["schedules"][number];
export type Start = Get<"/v1/queue">["queue"][number];
export type Environment = Get<"/v1/environments">["environments"][number];
export type Form = Get<"/v1/forms">["forms"][number];
