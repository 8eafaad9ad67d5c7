// The API's description for programs (/openapi.json) and for people (/docs): one page, no script, no outside request.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { html, raw } from "hono/html";
import packageJson from "../../package.json";
import type { AppEnv } from "./context.ts";

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  responses: Record<string, { description: string }>;
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
  code { font: 0.9em ui-monospace, monospace; }
  article { border-top: 1px solid #8884; padding: 0.75rem 0; }
  h3 { margin: 0; font-size: 1rem; }
  .method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0.5rem 0 0; }
  dt { font: 0.85em ui-monospace, monospace; } dd { margin: 0; }
`;

function operationHtml(path: string, method: string, operation: Operation) {
  return html`<article>
    <h3><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h3>
    <p>${operation.summary ?? ""}${operation.description ? html`<br />${operation.description}` : ""}</p>
    <dl>
      ${(operation.parameters ?? []).map(
        (parameter) =>
          html`<dt>${parameter.name}</dt><dd>${parameter.in}${parameter.required ? ", required" : ""} ${parameter.description ?? ""}</dd>`,
      )}
      ${Object.entries(operation.responses).map(
        ([status, response]) => html`<dt>${status}</dt><dd>${response.description}</dd>`,
      )}
    </dl>
  </article>`;
}

/** Adds both descriptions; to be called after every route has been mounted. */
export function addDescription(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  const about = {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version: packageJson.version,
      description: "A durable workflow engine for continuous delivery. Errors are problem+json (RFC 9457).",
    },
    security: [{ token: [] }],
  };
  app.doc31("/openapi.json", about);
  app.get("/docs", (c) => {
    const document = app.getOpenAPI31Document(about);
    const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
        path,
        method,
        operation,
      })),
    );
    const groups = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? "Other");
    c.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    return c.html(
      html`<!doctype html>
        <html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width" />
            <title>Sluice API</title>
            <style>
              ${raw(style)}
            </style>
          </head>
          <body>
            <h1>Sluice API</h1>
            <p>
              For programs: <a href="/openapi.json"><code>/openapi.json</code></a>. Send
              <code>Authorization: Bearer &lt;token&gt;</code> everywhere but for <code>/v1/health</code> and signed webhooks.
            </p>
            ${[...groups].map(
              ([group, members]) =>
                html`<h2>${group}</h2>
                  ${members.map(({ path, method, operation }) => operationHtml(path, method, operation))}`,
            )}
          </body>
        </html>`,
    );
  });
}
