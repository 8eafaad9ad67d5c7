// Calls the Worker under test over HTTP, as a client would.
import { exports } from "cloudflare:workers";
import { ADMIN_TOKEN } from "./secrets.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  body: any;
}

/** `token: null` sends none; the default is the administrator's. */
export async function call(
  method: string,
  path: string,
  options: {
    body?: unknown;
    rawBody?: BodyInit;
    token?: string | null;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const { body, rawBody, token = ADMIN_TOKEN, headers = {} } = options;
  const response = await exports.default.fetch(
    new Request(`http://sluice.test${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(rawBody === undefined ? {} : { body: rawBody }),
    }),
  );
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text ? JSON.parse(text) : text,
  };
}

/** A token of a role, made through the API. */
export async function tokenOf(role: string, subject = `${role}-person`): Promise<string> {
  const { status, body } = await call("POST", "/v1/tokens", { body: { subject, role } });
  if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.token;
}
