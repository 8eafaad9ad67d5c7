// Every member of a view in which people, scripts or functions may have put a secret.
import { describe, expect, it } from "vitest";
import { SENSITIVE_ATTRIBUTE } from "../../src/events/sensitive-data.ts";
import type { Form } from "../../src/protocol/form.ts";
import { MASK } from "../../src/protocol/mask.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { Activity, RunSummary } from "../../src/protocol/run.ts";
import {
  maskedActivity,
  maskedApproval,
  maskedEnding,
  maskedForm,
  maskedSummary,
} from "../../src/workflow/secrets/masked-views.ts";
import { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";

const SECRET = "hunter2-hunter2";
const said = `it is ${SECRET}`;
const error = { code: said, message: said, details: { why: said } };

const event = {
  specversion: "1.0",
  id: "1",
  source: "/tests",
  type: "test",
  data: SECRET,
  [SENSITIVE_ATTRIBUTE]: "all of it",
} as const;
const secrets = new RunSecrets({ event }, () => ({}));

const summary: RunSummary = {
  id: "run_1",
  workflow: "shop",
  digest: "d1",
  trigger: "shop/deploy",
  initiator: "ann",
  event: { id: said, source: "/tests", type: "test", subject: said },
  state: "waiting",
  waitingFor: said,
  paused: { by: "ann", reason: said, at: 1 },
  environments: [said],
  status: said,
  labels: { [said]: said },
  createdAt: 1,
  updatedAt: 2,
  error,
  commands: 3,
  version: 4,
};
const activity: Activity = {
  command: "0#1",
  fiber: "0",
  kind: "run",
  name: said,
  state: "failed",
  environment: said,
  inputs: { [said]: [said] },
  outputs: { deep: { [said]: said } },
  error,
  scheduledAt: 1,
  operated: { action: "fail", by: "ann", reason: said },
  position: { file: "main.star", line: 1, column: 1 },
};
const approval: Approval = {
  id: "a1",
  run: "run_1",
  workflow: "shop",
  command: "0#1",
  function: said,
  inputs: { [said]: said },
  environment: said,
  reasons: [said],
  trustScore: 0.5,
  initiator: "ann",
  openedAt: 1,
  state: "denied",
  comment: said,
};
const form: Form = {
  id: "f1",
  run: "run_1",
  workflow: "shop",
  command: "0#1",
  title: said,
  description: said,
  fields: [{ name: "ring", type: "choice", label: said, help: said, default: said, options: [said] }],
  assignees: ["ann"],
  initiator: "ann",
  openedAt: 1,
  state: "filled",
  values: { ring: said },
};

const ending = { output: said, error, traceback: said };

describe("a view", () => {
  it.each([
    { what: "a run's summary", given: summary, masked: maskedSummary(summary, secrets) },
    { what: "an activity", given: activity, masked: maskedActivity(activity, secrets) },
    { what: "an approval", given: approval, masked: maskedApproval(approval, secrets) },
    { what: "a form", given: form, masked: maskedForm(form, secrets) },
    { what: "an ending", given: ending, masked: maskedEnding(ending, secrets) },
  ])(
    "has the mask in each place that had a secret, and is the same elsewhere: $what",
    ({ given, masked }) => {
      expect(masked).toEqual(JSON.parse(JSON.stringify(given).replaceAll(SECRET, MASK)));
    },
  );
});
