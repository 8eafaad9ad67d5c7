// What counts as a CloudEvent 1.0.2 here: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
// and its JSON format. Written by hand because the official SDK repairs instead of refusing: it invents a
// missing id (which defeats deduplication) and replaces an unreadable time with now. See docs/decisions.
import { type CloudEvent, MAX_EVENT_BYTES } from "../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { forbiddenCharacter, isUriReference } from "./attribute-text.ts";
import { isWithinDepth, MAX_DATA_DEPTH } from "./json-depth.ts";
import { isTimestamp } from "./timestamp.ts";

export const MAX_ATTRIBUTE_LENGTH = { id: 256, source: 1024, type: 256, subject: 1024 } as const;
const MAX_OTHER_LENGTH = 4096;
const MAX_NAME_LENGTH = 64;
const MAX_EXTENSIONS = 64;

const namePattern = /^[a-z0-9]+$/;
const absoluteUriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:.+$/;
const mediaTypePattern = /^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+(?:\s*;.*)?$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
interface Fault {
  pointer: string;
  message: string;
}

function textFault(value: JsonValue, maxLength: number): string | undefined {
  if (typeof value !== "string") return "must be a string";
  if (value === "") return "must not be empty";
  if (value.length > maxLength) return `has ${value.length} characters; at most ${maxLength} are taken`;
  const forbidden = forbiddenCharacter(value);
  return forbidden && `holds the character ${forbidden}, which CloudEvents do not allow`;
}

function attributeFault(name: string, value: JsonValue): string | undefined {
  switch (name) {
    case "specversion":
      return value === "1.0" ? undefined : `must be "1.0", not ${JSON.stringify(value)}`;
    case "id":
    case "type":
    case "subject":
      return textFault(value, MAX_ATTRIBUTE_LENGTH[name]);
    case "source":
      return (
        textFault(value, MAX_ATTRIBUTE_LENGTH.source) ??
        (isUriReference(String(value)) ? undefined : "must be a URI reference, such as /my/service")
      );
    case "time":
      return typeof value === "string" && isTimestamp(value)
        ? undefined
        : "must be an RFC 3339 time, such as 2026-11-21T12:00:00Z";
    case "datacontenttype":
      return (
        textFault(value, 256) ??
        (mediaTypePattern.test(String(value)) ? undefined : "must be a media type, such as application/json")
      );
    case "dataschema":
      return (
        textFault(value, MAX_OTHER_LENGTH) ??
        (isUriReference(String(value)) && absoluteUriPattern.test(String(value))
          ? undefined
          : "must be an absolute URI")
      );
    case "data":
      return isWithinDepth(value) ? undefined : `is nested deeper than ${MAX_DATA_DEPTH} levels`;
    case "data_base64":
      return typeof value === "string" && base64Pattern.test(value)
        ? undefined
        : "must be base64 text (RFC 4648)";
    default:
      return extensionFault(name, value);
  }
}

function extensionFault(name: string, value: JsonValue): string | undefined {
  if (!namePattern.test(name)) return "is no attribute name: those are lower-case letters and digits";
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  if (typeof value === "boolean") return undefined;
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) <= 2 ** 31 ? undefined : "must be a 32-bit integer";
  }
  // An empty extension says nothing, yet is common; CloudEvents allow an empty String.
  return value === "" ? undefined : textFault(value, MAX_OTHER_LENGTH);
}

function pointer(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

const REQUIRED = ["specversion", "id", "source", "type"] as const;

/**
 * Checks a value in the JSON form and gives it back as an event, without attributes that are null (which the
 * JSON format defines as absent). Refuses `invalid_event` with every fault and its JSON pointer in
 * `details.errors`, and `payload_too_large` above `MAX_EVENT_BYTES` of JSON.
 */
export function parseCloudEvent(value: JsonValue): Result<CloudEvent> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("invalid_event", "a CloudEvent is a JSON object", {
      errors: [{ pointer: "", message: "must be an object" }],
    });
  }
  const faults: Fault[] = [];
  const attributes = Object.entries(value).filter(([name, content]) => content !== null || name === "data");
  const names = new Set(attributes.map(([name]) => name));
  for (const name of REQUIRED) {
    if (!names.has(name)) faults.push({ pointer: pointer(name), message: "is required" });
  }
  for (const [name, content] of attributes) {
    const message = attributeFault(name, content);
    if (message !== undefined) faults.push({ pointer: pointer(name), message });
  }
  if (names.has("data") && names.has("data_base64")) {
    faults.push({ pointer: "/data_base64", message: "must not stand beside data" });
  }
  if (names.size > MAX_EXTENSIONS) {
    faults.push({
      pointer: "",
      message: `has ${names.size} attributes; at most ${MAX_EXTENSIONS} are taken`,
    });
  }
  const first = faults[0];
  if (first) {
    return refuse(
      "invalid_event",
      `the event is no CloudEvent 1.0: ${first.pointer || "it"} ${first.message}`,
      {
        errors: faults.slice(0, 20).map((fault): JsonObject => ({ ...fault })),
      },
    );
  }
  // Every name has been checked by now, so none of them is __proto__.
  const event = Object.fromEntries(attributes) as CloudEvent;
  const bytes = new TextEncoder().encode(JSON.stringify(event)).byteLength;
  if (bytes > MAX_EVENT_BYTES) {
    return refuse(
      "payload_too_large",
      `the event has ${bytes} bytes as JSON; at most ${MAX_EVENT_BYTES} are taken`,
    );
  }
  return ok(event);
}
