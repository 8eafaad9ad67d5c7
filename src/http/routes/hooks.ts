import { createRoute, z } from "@hono/zod-openapi";
import { eventFromGithub } from "../../events/github.ts";
import { eventsFromJenkins } from "../../events/jenkins.ts";
import { eventReceiptSchema, MAX_BATCH_BYTES } from "../../protocol/cloud-event.ts";
import { acceptEvents } from "../accept-events.ts";
import { requiresInQuery } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { readBody } from "../limits.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";
import { isSignedBy } from "../webhook-signature.ts";

const tags = ["Webhooks"];
const receipts = z.object({ events: z.array(eventReceiptSchema) });

const github = createRoute({
  method: "post",
  path: "/v1/hooks/github",
  tags,
  summary: "GitHub's webhooks",
  description:
    "Authenticated by X-Hub-Signature-256 over the raw body, which is checked before anything is read.",
  security: [],
  responses: { 202: json(receipts, "Stored"), ...problems(400, 401, 413, 415, 503) },
});

const jenkins = createRoute({
  method: "post",
  path: "/v1/hooks/jenkins",
  tags,
  summary: "Jenkins' CloudEvents and Notification plugins",
  description: "The token may be the query parameter `token`: neither plugin can set headers.",
  middleware: [requiresInQuery("sender")] as const,
  responses: { 202: json(receipts, "Stored"), ...problems(400, 401, 403, 413, 415) },
});

async function checkSignature(
  secret: string | undefined,
  signature: string | undefined,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (!secret) {
    throw new ProblemException(
      "webhook_not_configured",
      "No webhook secret is configured: set GITHUB_WEBHOOK_SECRET to what GitHub's settings have.",
    );
  }
  if (!signature)
    throw new ProblemException(
      "invalid_signature",
      "The header X-Hub-Signature-256 is missing: set a secret in the webhook's settings.",
    );
  if (!(await isSignedBy(secret, body, signature))) {
    throw new ProblemException(
      "invalid_signature",
      "The signature does not fit the body: the secrets of the webhook and of this service differ.",
    );
  }
}

export const hooks = createRoutes()
  .openapi(github, async (c) => {
    // The event in it is at most 1 MiB, but as a form every quote of its JSON takes three bytes.
    const body = await readBody(c, MAX_BATCH_BYTES);
    await checkSignature(c.env.GITHUB_WEBHOOK_SECRET, c.req.header("x-hub-signature-256"), body);
    const { event, initiator } = unwrap(
      eventFromGithub({
        event: c.req.header("x-github-event"),
        delivery: c.req.header("x-github-delivery"),
        contentType: c.req.header("content-type"),
        body,
      }),
    );
    return c.json({ events: await acceptEvents(c.env, [event], initiator, null) }, 202);
  })
  .openapi(jenkins, async (c) => {
    const body = await readBody(c, MAX_BATCH_BYTES);
    const received = unwrap(eventsFromJenkins({ headers: c.req.raw.headers.entries(), body }));
    const identity = c.get("identity");
    return c.json({ events: await acceptEvents(c.env, received, identity.subject, identity.role) }, 202);
  });
