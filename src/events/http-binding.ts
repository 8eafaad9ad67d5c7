// CloudEvents over HTTP: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
// A request becomes events in binary, structured or batched mode; nothing is invented and nothing repaired.
import { type CloudEvent, MAX_BATCH_EVENTS } from "../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { isUriReference } from "./attribute-text.ts";
import { parseCloudEvent } from "./cloud-event.ts";
import { parseJson } from "./json-text.ts";

/** A request, as far as the binding needs it. Header names in lower case. */
export interface EventRequest {
  headers: Iterable<readonly [name: string, value: string]>;
  body: Uint8Array;
}

export interface DecodedEvents {
  mode: "binary" | "structured" | "batch";
  events: CloudEvent[];
}

const STRUCTURED = "application/cloudevents+json";
const BATCHED = "application/cloudevents-batch+json";

const jsonTypePattern = /^[^/]+\/(?:json|[^/]+\+json)$/;
const textTypePattern = /^(?:text\/.+|application\/(?:xml|x-www-form-urlencoded|.+\+xml))$/;

function mediaType(contentType: string): { type: string; charset: string } {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters
    .map((parameter) => /^\s*charset="?([^"]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  return { type: type.trim(), charset: charset ?? "utf-8" };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary);
}

/** Header values carry percent-encoded UTF-8, sometimes in quotes (section 3.1.3.2 of the binding). */
function decodeHeader(value: string): string | undefined {
  const quoted = /^"(.*)"$/s.exec(value.trim());
  const text = quoted ? (quoted[1] ?? "").replaceAll(/\\(.)/gs, "$1") : value.trim();
  try {
    return decodeURIComponent(text.replaceAll(/%(?![0-9A-Fa-f]{2})/g, "%25"));
  } catch {
    return undefined;
  }
}

/** The part of `data` in a binary event: JSON and text as they are, everything else as base64. */
function binaryData(contentType: string | undefined, body: Uint8Array): Result<JsonObject> {
  const declared = contentType === undefined ? {} : { datacontenttype: contentType };
  if (body.length === 0) return ok(declared);
  // Without a content type the JSON format, and so every reader downstream, takes data for JSON.
  const { type, charset } = mediaType(contentType ?? "application/json");
  const isUtf8 = charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
  if (jsonTypePattern.test(type)) {
    const data = isUtf8
      ? parseJson(body)
      : refuse("malformed_body", `JSON comes in UTF-8, not in ${charset}`);
    return data.ok ? ok({ ...declared, data: data.value }) : data;
  }
  const text = textTypePattern.test(type) && isUtf8 ? decodeUtf8(body) : undefined;
  return ok(text === undefined ? { ...declared, data_base64: toBase64(body) } : { ...declared, data: text });
}

function decodeBinary(headers: Map<string, string>, body: Uint8Array): Result<DecodedEvents> {
  const attributes: [string, JsonValue][] = [];
  for (const [name, value] of headers) {
    if (!name.startsWith("ce-")) continue;
    const attribute = name.slice(3);
    const text = decodeHeader(value);
    if (attribute === "data" || attribute === "data_base64" || attribute === "datacontenttype") {
      return refuse("invalid_event", `the header ${name} is none: data is the body, its type Content-Type`);
    }
    if (text === undefined) return refuse("invalid_event", `the header ${name} is not percent-encoded UTF-8`);
    // Many senders, the official JavaScript SDK among them, put a URI with its own escapes there as it is.
    const isRawUri = (attribute === "source" || attribute === "dataschema") && !isUriReference(text);
    attributes.push([attribute, isRawUri ? value.trim() : text]);
  }
  const data = binaryData(headers.get("content-type"), body);
  if (!data.ok) return data;
  const event = parseCloudEvent(Object.fromEntries([...attributes, ...Object.entries(data.value)]));
  return event.ok ? ok({ mode: "binary", events: [event.value] }) : event;
}

function decodeBatch(body: Uint8Array): Result<DecodedEvents> {
  const batch = parseJson(body);
  if (!batch.ok) return batch;
  if (!Array.isArray(batch.value)) return refuse("invalid_event", "a batch is a JSON list of events");
  if (batch.value.length > MAX_BATCH_EVENTS) {
    return refuse(
      "payload_too_large",
      `the batch holds ${batch.value.length} events; at most ${MAX_BATCH_EVENTS} are taken`,
    );
  }
  const events: CloudEvent[] = [];
  for (const [index, item] of batch.value.entries()) {
    const event = parseCloudEvent(item);
    if (!event.ok) return within(index, event.error);
    events.push(event.value);
  }
  return ok({ mode: "batch", events });
}

/** A fault of one event of a batch, with its place in the message and in the pointers. */
function within(
  index: number,
  error: { code: string; message: string; details?: JsonObject },
): Result<never> {
  const faults = Array.isArray(error.details?.errors) ? (error.details.errors as JsonObject[]) : [];
  return refuse(error.code, `event ${index} of the batch: ${error.message}`, {
    errors: faults.map((fault) => ({ ...fault, pointer: `/${index}${String(fault.pointer ?? "")}` })),
  });
}

/**
 * The events in a request, all of them valid. Refuses `invalid_event`, `malformed_body`, `payload_too_large`,
 * `payload_too_large`, or `unsupported_media_type` when the request is in none of the three modes.
 */
export function decodeHttp(request: EventRequest): Result<DecodedEvents> {
  const headers = new Map(request.headers);
  const { type } = mediaType(headers.get("content-type") ?? "");
  if (type === BATCHED) return decodeBatch(request.body);
  if (type === STRUCTURED) {
    const value = parseJson(request.body);
    const event = value.ok ? parseCloudEvent(value.value) : value;
    return event.ok ? ok({ mode: "structured", events: [event.value] }) : event;
  }
  if (type.startsWith("application/cloudevents")) {
    return refuse("unsupported_media_type", `events come as ${STRUCTURED} or ${BATCHED}, not as ${type}`);
  }
  if ([...headers.keys()].some((name) => name.startsWith("ce-"))) return decodeBinary(headers, request.body);
  return refuse(
    "unsupported_media_type",
    `this is no CloudEvent: send it with the content type ${STRUCTURED} (or ${BATCHED}), or with ce- headers`,
  );
}
