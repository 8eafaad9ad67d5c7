// What Jenkins can send: CloudEvents by its CloudEvents plugin, or the JSON of its notification plugin.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { type Result, refuse } from "../protocol/result.ts";
import { asAttribute, asUriReference } from "./attribute-text.ts";
import { MAX_ATTRIBUTE_LENGTH, parseCloudEvent } from "./cloud-event.ts";
import { decodeHttp, type EventRequest } from "./http-binding.ts";
import { parseJson } from "./json-text.ts";
import { objectAt, textAt } from "./payload.ts";
import { timeFromMs } from "./timestamp.ts";

/**
 * A notification as an event: type `com.jenkins.build.<phase>`, source the build's address, subject `<job>#<number>`.
 * The id follows from job, number and phase, so the plugin's retries are the same event; a notification without a
 * phase (`NONE`, sent by a pipeline step) may be sent several times by one build, so its time is part of the id.
 */
function eventFromNotification(notification: JsonValue): Result<CloudEvent> {
  const body: JsonObject | undefined =
    typeof notification === "object" && notification !== null && !Array.isArray(notification)
      ? notification
      : undefined;
  const build = objectAt(body, "build");
  const name = textAt(body, "name");
  const number = textAt(build, "number");
  const phase = textAt(build, "phase");
  if (!body || !build || !name || !number || !phase || !/^[A-Za-z_]{1,32}$/.test(phase)) {
    return refuse(
      "invalid_payload",
      "this is neither a CloudEvent nor a notification: those have name, build.number and build.phase",
    );
  }
  const source = textAt(build, "full_url") ?? textAt(build, "url") ?? `job/${name}/${number}/`;
  const job = textAt(body, "url") ?? name;
  const timestamp = typeof build.timestamp === "number" ? build.timestamp : undefined;
  const time = timestamp === undefined ? undefined : timeFromMs(timestamp);
  const id = `${job}#${number}:${phase}${phase === "NONE" ? `:${timestamp ?? ""}` : ""}`;
  if (id.length > MAX_ATTRIBUTE_LENGTH.id)
    return refuse("invalid_payload", `the job's url is too long: ${job}`);
  return parseCloudEvent({
    specversion: "1.0",
    id,
    source: asUriReference(source),
    type: `com.jenkins.build.${phase.toLowerCase()}`,
    subject: asAttribute(`${name}#${number}`, MAX_ATTRIBUTE_LENGTH.subject),
    ...(time === undefined ? {} : { time }),
    datacontenttype: "application/json",
    data: body,
  });
}

/**
 * The events in a request from Jenkins. Refuses what `decodeHttp` and `parseCloudEvent` refuse, and
 * `invalid_payload` for JSON that is neither.
 */
export function eventsFromJenkins(request: EventRequest): Result<CloudEvent[]> {
  const headers = new Map(request.headers);
  const isCloudEvent =
    headers.get("content-type")?.toLowerCase().startsWith("application/cloudevents") ||
    [...headers.keys()].some((name) => name.startsWith("ce-"));
  if (isCloudEvent) {
    const decoded = decodeHttp({ headers, body: request.body });
    return decoded.ok ? { ok: true, value: decoded.value.events } : decoded;
  }
  const json = parseJson(request.body);
  if (!json.ok) return json;
  const event = eventFromNotification(json.value);
  return event.ok ? { ok: true, value: [event.value] } : event;
}
