// Every refusal the HTTP API can give: its stable code, its status, and what it means. `/docs/errors` shows this
// table, docs/errors.md repeats it for readers of the repository (a test compares the two).

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 500 | 503;

export interface Refusal {
  status: ProblemStatus;
  /** What happened and what to do about it, in a sentence or two. */
  means: string;
}

export const titles: Record<ProblemStatus, string> = {
  400: "The request is not well-formed",
  401: "Authentication is needed",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict with the current state",
  410: "No longer kept",
  413: "Too large",
  415: "Unsupported media type",
  422: "The request cannot be carried out",
  500: "Internal error",
  503: "Not available",
};

/** By code. A refusal whose code is missing here is a defect: it answers 500 and is logged. */
export const refusals = {
  invalid_request: {
    status: 400,
    means: "A parameter or the body does not fit its schema. `errors` points at every fault.",
  },
  malformed_body: { status: 400, means: "The body cannot be read: it is no JSON, or no UTF-8." },
  missing_header: { status: 400, means: "A header that this sender always sets is missing." },
  invalid_event: {
    status: 400,
    means:
      "The event breaks a rule of CloudEvents 1.0, or claims a type or source of Sluice's own; `errors` names it.",
  },
  invalid_signal: { status: 400, means: "The signal's data cannot be kept; the detail says why." },
  invalid_payload: { status: 400, means: "The webhook's payload is not what its sender documents." },
  unauthenticated: {
    status: 401,
    means: "There is no token, or it is unknown, expired or revoked. Send `Authorization: Bearer <token>`.",
  },
  invalid_signature: {
    status: 401,
    means: "The webhook's signature is missing or wrong. Compare the secret here with the sender's.",
  },
  forbidden: {
    status: 403,
    means:
      "The token may not do this. The detail names the role that may, or the tag that a runner's token is not for.",
  },
  cross_origin: {
    status: 403,
    means:
      "The browser sent the dashboard's session from another site. Use the dashboard, or `Authorization: Bearer <token>`.",
  },
  upgrade_needed: {
    status: 422,
    means: "This address is a WebSocket: ask for one with `Upgrade: websocket`.",
  },
  self_approval: {
    status: 403,
    means:
      "The person who started a run cannot approve its calls, only deny them. Somebody else has to approve.",
  },
  not_assigned: { status: 403, means: "The form is for other people; the detail names them." },
  not_found: { status: 404, means: "There is no such route. `/docs` lists them." },
  unknown_run: { status: 404, means: "There is no run with this id." },
  approval_not_found: { status: 404, means: "The run has no approval with this id." },
  unknown_form: { status: 404, means: "There is no form with this id." },
  unknown_lock: { status: 404, means: "Nobody holds this lock or waits for it." },
  unknown_job: { status: 404, means: "There is no job with this id, or it ended more than a day ago." },
  unknown_version: {
    status: 404,
    means: "The workflow has no program in this version: there was none, or it was removed.",
  },
  unknown_workflow: { status: 404, means: "No workflow of this name is registered." },
  unknown_environment: {
    status: 404,
    means: "There is no environment of this name. Create it with `PUT /v1/environments/{name}`.",
  },
  unknown_event: { status: 404, means: "No event with this source and id, or arrival number, is kept." },
  unknown_start: {
    status: 404,
    means: "No start of a run with this id waits or has waited. Most runs start at once: look at `/v1/runs`.",
  },
  unknown_schedule: {
    status: 404,
    means: "There is no schedule of this name. Its workflow declares it, with `on_schedule`.",
  },
  unknown_token: { status: 404, means: "There is no token with this id; it may have been revoked." },
  method_not_allowed: { status: 405, means: "The path exists, for the methods that `Allow` names." },
  already_resolved: { status: 409, means: "Somebody has decided this approval before, or it was withdrawn." },
  start_not_waiting: {
    status: 409,
    means:
      "The start waits no more: it has begun, or was dropped. Cancel the run by `POST /v1/runs/{id}/cancel`.",
  },
  start_dropped: {
    status: 409,
    means:
      "The workflow's flow control has dropped the start, a newer one goes in its place, or somebody took it back; the detail says which. Its run never begins.",
  },
  run_not_started: {
    status: 409,
    means: "The run is about to start, or waits its turn: the detail says for what.",
  },
  form_closed: {
    status: 409,
    means: "Somebody has filled in the form before, its time is over, or its run no longer asks.",
  },
  lock_not_held: {
    status: 409,
    means: "The run does not hold this lock. `GET /v1/locks/{key}` shows who does.",
  },
  run_finished: {
    status: 409,
    means:
      "The run is over; there is nothing left to cancel or decide. To cancel a run again that was cancelled is no error.",
  },
  already_paused: { status: 409, means: "Somebody has paused the run before. Resume it to let it go on." },
  not_paused: { status: 409, means: "The run is not paused." },
  waits_for_place: {
    status: 409,
    means:
      "The run waits for a place in its trigger's concurrency group. Resumed by itself, it begins without one.",
  },
  waits_for_lock: {
    status: 409,
    means:
      "The run waits for a lock that the run before it held. Resumed by itself, it goes on without the lock.",
  },
  unknown_command: { status: 404, means: "The run's journal has no command with this id." },
  already_cancelled: {
    status: 409,
    means: "The run was being cancelled when it came to this command. Fork it from an earlier one.",
  },
  already_restarted: {
    status: 409,
    means:
      "Another run goes on in the place of this one; the detail says which. Restart that one, or fork this one.",
  },
  run_not_failed: {
    status: 409,
    means: "The run has not failed, so it has no command that it failed with. Name the command.",
  },
  no_failed_command: {
    status: 409,
    means:
      "The error that the run ended with is not that of one command: its script raised it, or waited for several when its time was over. Name the command to begin with.",
  },
  run_has_parent: {
    status: 409,
    means:
      "Another run has started this one and knows how it ended. Restart that one; or name it as `parent` in the filter.",
  },
  child_running: {
    status: 409,
    means:
      "The run has started another before this command that still runs and would be ended with it. Restart it from a command before that start, or fork it.",
  },
  program_differs: {
    status: 409,
    means: "The program does not make the calls that the journal has; the detail says where it differs.",
  },
  history_too_large: {
    status: 413,
    means:
      "The journal before the command is more than another run can take over (12 MiB). Name an earlier command, or start the workflow anew.",
  },
  command_not_open: {
    status: 409,
    means: "The run has no such command, or it has ended. `GET /v1/runs/{id}` shows those that have not.",
  },
  nothing_to_retry: { status: 409, means: "No such command waits for its next attempt." },
  too_many_signals: {
    status: 409,
    means:
      "The run has taken as many signals as a run takes, or keeps as much of them as it can until it waits for some.",
  },
  run_stuck: {
    status: 409,
    means:
      "The run's program and its journal disagree; its error says where. Its journal is kept untouched, and what was asked for was not done.",
  },
  lease_lost: {
    status: 409,
    means: "The runner no longer holds this job. It stops the work, whose outcome does not count.",
  },
  outcome_conflict: { status: 409, means: "The job has another outcome already; the first one stays." },
  token_exists: { status: 409, means: "The new token's id is taken. Create it again." },
  run_exists: {
    status: 409,
    means: "A run with this id is here, or in the archive. A history is imported once.",
  },
  run_imported: {
    status: 409,
    means: "The run happened somewhere else and is here to be looked at. Start the workflow here instead.",
  },
  run_masked: {
    status: 409,
    means:
      "The run was archived without its sensitive values, so functions could not be given them again. Start the workflow anew.",
  },
  run_expired: {
    status: 410,
    means:
      "The run ended so long ago that its journal is no longer kept; the lists still show what became of it. Bind an archive to keep journals for good.",
  },
  invalid_history: {
    status: 422,
    means:
      "The file is not the history of a finished run; the detail says why. `sluice run export` writes one.",
  },
  payload_too_large: { status: 413, means: "The body, or the part the detail names, is over its limit." },
  unsupported_media_type: { status: 415, means: "The `Content-Type` is not one that is taken here." },
  invalid_backfill: {
    status: 422,
    means:
      "The range has times that cannot be made up for: more than 100, some that are yet to come, or longer ago than events are kept. The detail says which.",
  },
  invalid_outcome: { status: 422, means: "The command cannot end with this value; the detail says why." },
  invalid_workflow: {
    status: 422,
    means: "The workflow does not compile; `diagnostics` has positions. The version before stays registered.",
  },
  not_startable: {
    status: 422,
    means:
      "The workflow does not declare `on_start`, so it is started by events alone; or the detail says what else.",
  },
  invalid_input: {
    status: 422,
    means:
      "The input does not fit the fields that the workflow's `on_start` declares. `errors` points at every value that does not.",
  },
  invalid_form: {
    status: 422,
    means: "What was filled in does not fit the form. `errors` points at every value that does not.",
  },
  internal: {
    status: 500,
    means: "A defect on our side. It has been logged with the request id in the detail.",
  },
  unavailable: {
    status: 503,
    means: "The object that owns this is busy or moving. Try again after `Retry-After` seconds.",
  },
  webhook_not_configured: {
    status: 503,
    means: "This Sluice has no secret for this sender's webhooks, so nothing can be trusted. Set it first.",
  },
  time_scale_refused: {
    status: 503,
    means: "`SLUICE_TIME_SCALE` is set where time must not be sped up. Remove the variable.",
  },
} satisfies Record<string, Refusal>;

export function statusOf(code: string): ProblemStatus {
  const known: Record<string, Refusal> = refusals;
  return Object.hasOwn(known, code) ? (known[code]?.status ?? 500) : 500;
}
