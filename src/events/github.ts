// GitHub's webhooks as CloudEvents: https://docs.github.com/webhooks/webhook-events-and-payloads
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonObject } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { asAttribute, asUriReference } from "./attribute-text.ts";
import { MAX_ATTRIBUTE_LENGTH, parseCloudEvent } from "./cloud-event.ts";
import { aboutOf } from "./github-subject.ts";
import { parseJson } from "./json-text.ts";
import { objectAt, textAt } from "./payload.ts";
import { isTimestamp, timeFromMs } from "./timestamp.ts";

/** What GitHub says of a delivery in headers: X-GitHub-Event, X-GitHub-Delivery, Content-Type. */
export interface GithubDelivery {
  event: string | undefined;
  delivery: string | undefined;
  contentType: string | undefined;
  body: Uint8Array;
}

const eventPattern = /^[a-z][a-z0-9_]{0,63}$/;
const deliveryPattern = /^[A-Za-z0-9-]{1,100}$/;
/** An object's times, the one that says best when the event happened first. */
const timeKeys = [
  "updated_at",
  "published_at",
  "submitted_at",
  "completed_at",
  "started_at",
  "created_at",
  "timestamp",
];

function payloadOf(delivery: GithubDelivery): Result<JsonObject> {
  const type = (delivery.contentType ?? "").toLowerCase().split(";")[0]?.trim();
  let json = delivery.body;
  if (type === "application/x-www-form-urlencoded") {
    const payload = new URLSearchParams(new TextDecoder().decode(delivery.body)).get("payload");
    if (payload === null) return refuse("malformed_body", "the form has no field called payload");
    json = new TextEncoder().encode(payload);
  } else if (type !== "application/json") {
    return refuse(
      "unsupported_media_type",
      `GitHub sends application/json or application/x-www-form-urlencoded, not ${type || "nothing"}`,
    );
  }
  const payload = parseJson(json);
  if (!payload.ok) return payload;
  return typeof payload.value === "object" && payload.value !== null && !Array.isArray(payload.value)
    ? ok(payload.value)
    : refuse("invalid_payload", "GitHub's payload is a JSON object");
}

/** The web address of the repository, or of whoever the event belongs to where there is no repository. */
function sourceOf(payload: JsonObject): string {
  const installation = objectAt(payload, "installation");
  const owners = [
    objectAt(payload, "repository"),
    objectAt(payload, "organization"),
    objectAt(payload, "enterprise"),
    objectAt(installation, "account"),
    objectAt(payload, "sender"),
  ];
  const urls = owners.map((owner) => textAt(owner, "html_url") ?? textAt(owner, "url"));
  // Security advisories belong to nobody but GitHub.
  return asUriReference(urls.find((url) => url !== undefined) ?? "https://github.com");
}

/** A time in a payload: RFC 3339 or, as in `push` and `installation`, seconds since the epoch. */
function timestampAt(object: JsonObject | undefined, key: string): string | undefined {
  const value = object?.[key];
  if (typeof value === "number") return timeFromMs(value * 1000);
  return typeof value === "string" && isTimestamp(value) ? value : undefined;
}

function timeOf(event: string, payload: JsonObject, about: JsonObject): string | undefined {
  // When it was pushed, not when it was committed.
  if (event === "push") return timestampAt(objectAt(payload, "repository"), "pushed_at");
  const object = objectAt(payload, event) ?? about;
  return timeKeys.map((key) => timestampAt(object, key)).find((time) => time !== undefined);
}

/** Actions of `repository_dispatch` are any text; types stay words and dots. */
function asTypePart(action: string): string {
  return action.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, 100);
}

/**
 * The event in a delivery whose signature has been checked, and who caused it: `github:octocat`. Its type is
 * `com.github.<event>[.<action>]`, its id the delivery's, so a redelivery is the same event. Initiator `github` where
 * the payload has no sender. Refuses
 * `missing_header`, `malformed_body`, `invalid_payload`, `unsupported_media_type` and what `parseCloudEvent` does.
 */
export function eventFromGithub(delivery: GithubDelivery): Result<{ event: CloudEvent; initiator: string }> {
  if (!delivery.event || !eventPattern.test(delivery.event)) {
    return refuse("missing_header", "the header X-GitHub-Event must name the event, such as push");
  }
  if (!delivery.delivery || !deliveryPattern.test(delivery.delivery)) {
    return refuse("missing_header", "the header X-GitHub-Delivery must hold the delivery's id");
  }
  const payload = payloadOf(delivery);
  if (!payload.ok) return payload;
  const action = textAt(payload.value, "action");
  const about = aboutOf(delivery.event, payload.value);
  const time = timeOf(delivery.event, payload.value, about.object);
  const event = parseCloudEvent({
    specversion: "1.0",
    id: delivery.delivery,
    source: sourceOf(payload.value),
    type: `com.github.${delivery.event}${action === undefined ? "" : `.${asTypePart(action)}`}`,
    subject: asAttribute(about.subject, MAX_ATTRIBUTE_LENGTH.subject),
    ...(time === undefined ? {} : { time }),
    datacontenttype: "application/json",
    data: payload.value,
  });
  const sender = textAt(objectAt(payload.value, "sender"), "login");
  const initiator = sender === undefined ? "github" : `github:${sender}`;
  return event.ok ? ok({ event: event.value, initiator }) : event;
}
