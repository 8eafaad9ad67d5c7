// Every refusal of the HTTP API, in one place: the exception routes throw, the status each code has, and the
// problem+json document (RFC 9457) it becomes.
import type { ZodError } from "zod";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { type Problem, problemSchema } from "../protocol/problem.ts";
import type { ErrorData, Result } from "../protocol/result.ts";

type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

/** Codes that actors and domain modules refuse with. One that is missing here is a defect: it answers 500. */
const statusOf: Record<string, ProblemStatus> = {
  invalid_request: 400,
  malformed_body: 400,
  invalid_event: 400,
  invalid_batch: 400,
  invalid_payload: 400,
  missing_header: 400,
  unauthenticated: 401,
  invalid_signature: 401,
  forbidden: 403,
  self_approval: 403,
  not_found: 404,
  unknown_run: 404,
  unknown_job: 404,
  unknown_workflow: 404,
  unknown_environment: 404,
  unknown_function: 404,
  unknown_approval: 404,
  approval_not_found: 404,
  unknown_event: 404,
  unknown_token: 404,
  method_not_allowed: 405,
  already_resolved: 409,
  already_finished: 409,
  run_finished: 409,
  run_stuck: 409,
  conflict: 409,
  lease_lost: 409,
  outcome_conflict: 409,
  token_exists: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_workflow: 422,
  ambiguous_environment: 422,
  too_many_hops: 422,
  too_many_requests: 429,
  internal: 500,
  webhook_not_configured: 503,
  time_scale_refused: 503,
  unavailable: 503,
};

const titles: Record<ProblemStatus, string> = {
  400: "The request is not well-formed",
  401: "Authentication is needed",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict with the current state",
  413: "Too large",
  415: "Unsupported media type",
  422: "The request cannot be carried out",
  429: "Too many requests",
  500: "Internal error",
  503: "Not available",
};

type Fault = { pointer: string; message: string };

/** Thrown by routes, answered as problem+json. `code` decides the status. */
export class ProblemException extends Error {
  readonly code: string;
  readonly status: ProblemStatus;
  readonly errors: Fault[] | undefined;
  readonly diagnostics: JsonValue[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: string,
    detail: string,
    extra: { errors?: Fault[]; diagnostics?: JsonValue[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = statusOf[code] ?? 500;
    this.errors = extra.errors;
    this.diagnostics = extra.diagnostics;
    this.headers = extra.headers ?? {};
  }

  toResponse(): Response {
    const problem: Problem = {
      // Relative to the API's own address, where docs/errors.md is served by code.
      type: `/docs/errors#${this.code}`,
      title: titles[this.status],
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(this.errors && { errors: this.errors }),
      ...(this.diagnostics && { diagnostics: this.diagnostics }),
    };
    return new Response(JSON.stringify(problem), {
      status: this.status,
      headers: { "content-type": "application/problem+json", ...this.headers },
    });
  }
}

function listOf<T>(details: JsonObject | undefined, name: string): T[] | undefined {
  const value = details?.[name];
  return Array.isArray(value) ? (value as T[]) : undefined;
}

/** A refusal that came back from an actor or a domain module. */
export function problemFrom(error: ErrorData): ProblemException {
  const errors = listOf<Fault>(error.details, "errors");
  const diagnostics = listOf<JsonValue>(error.details, "diagnostics");
  return new ProblemException(error.code, error.message, {
    ...(errors && { errors }),
    ...(diagnostics && { diagnostics }),
  });
}

/** The value of an answer; throws its refusal. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw problemFrom(result.error);
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** What zod found, as JSON pointers (RFC 6901) into the body or, for parameters, into their object. */
export function validationProblem(issues: ZodError["issues"], target: string): ProblemException {
  const place = target === "json" ? "body" : target === "param" ? "path" : target;
  return new ProblemException(
    "invalid_request",
    `The ${place} is not valid: ${issues[0]?.message ?? "see errors"}`,
    {
      errors: issues.map((issue) => ({ pointer: pointer(issue.path), message: issue.message })),
    },
  );
}

/** The `responses` entries of an OpenAPI route for the refusals it can give. */
export function problems<Status extends ProblemStatus>(...statuses: Status[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: titles[status], content: { "application/problem+json": { schema: problemSchema } } },
    ]),
  ) as Record<
    Status,
    { description: string; content: { "application/problem+json": { schema: typeof problemSchema } } }
  >;
}
