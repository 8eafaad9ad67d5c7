// How a refusal leaves the HTTP API: the exception that routes throw, and the problem+json document (RFC 9457) it
// becomes. refusals.ts has the codes.
import type { ZodError } from "zod";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { type Problem, problemSchema } from "../protocol/problem.ts";
import type { ErrorData, Result } from "../protocol/result.ts";
import { type ProblemStatus, statusOf, titles } from "./refusals.ts";

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
    this.status = statusOf(code);
    this.errors = extra.errors;
    this.diagnostics = extra.diagnostics;
    this.headers = extra.headers ?? {};
  }

  toResponse(): Response {
    const problem: Problem = {
      // Relative to the API's own address, where every code has its explanation.
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
  const errors = issues.map(({ path, message }) => ({ pointer: pointer(path), message }));
  const [first] = errors;
  const where = first && first.pointer !== "" ? ` at ${first.pointer}` : "";
  return new ProblemException(
    "invalid_request",
    `The ${place} is not valid${where}: ${first?.message ?? "see errors"}`,
    { errors },
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
