// What people read of the API in a browser: its routes, and what its refusals mean. No script, no outside request.
import { html } from "hono/html";
import { type Refusal, refusals, titles } from "./refusals.ts";

/** One operation of the OpenAPI description, as far as the page shows it. */
export interface Operation {
  path: string;
  method: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  responses: Record<string, { description: string }>;
  /** The role it asks for; undefined where it takes no token. */
  role?: string;
}

export const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
code { font: 0.9em ui-monospace, monospace; }
article { border-top: 1px solid #8884; padding: 0.75rem 0; }
article:target { background: #fc05; }
h3 { margin: 0; font-size: 1rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
.role { float: right; font-weight: 400; opacity: 0.75; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0.5rem 0 0; }
dt { font: 0.85em/1.75 ui-monospace, monospace; }
dd { margin: 0; }
`;

type Html = ReturnType<typeof html>;

function page(title: string, content: Html | Html[]) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width" />
<title>${title}</title>
<link rel="stylesheet" href="/docs/style.css" />
</head>
<body>
<h1>${title}</h1>
${content}
</body>
</html>`;
}

/** Text whose parts in backticks are code. */
function prose(text: string): (Html | string)[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

function operationHtml(operation: Operation): Html {
  const { path, method, role, parameters = [], responses } = operation;
  return html`<article>
<h3><span class="method">${method.toUpperCase()}</span> <code>${path}</code>
<span class="role">${role ? `role ${role}` : "no token"}</span></h3>
<p>${prose(operation.summary ?? "")}${operation.description ? html`<br />${prose(operation.description)}` : ""}</p>
<dl>
${parameters.map(
  (parameter) =>
    html`<dt>${parameter.name}</dt><dd>${parameter.in}${parameter.required ? ", required" : ""} ${prose(parameter.description ?? "")}</dd>`,
)}
${Object.entries(responses).map(
  ([status, response]) => html`<dt>${status}</dt><dd>${prose(response.description)}</dd>`,
)}
</dl>
</article>`;
}

/** `/docs`: every route by resource. */
export function routesPage(operations: Operation[]): Html {
  const groups = Map.groupBy(operations, ({ tags }) => tags?.[0] ?? "Other");
  return page("Sluice API", [
    html`<p>For programs: <a href="/openapi.json"><code>/openapi.json</code></a>. Where a role is named, send
<code>Authorization: Bearer &lt;token&gt;</code> with a token of that role. Refusals are
<code>application/problem+json</code>; <a href="/docs/errors">their codes</a> are stable.</p>`,
    ...[...groups].map(([group, members]) => html`<h2>${group}</h2>${members.map(operationHtml)}`),
  ]);
}

/** `/docs/errors`: what a problem's `type` points at. */
export function refusalsPage(): Html {
  return page(
    "Sluice API: refusals",
    Object.entries<Refusal>(refusals).map(
      ([code, { status, means }]) =>
        html`<article id="${code}"><h3><code>${code}</code> <span class="role">${status} ${titles[status]}</span></h3>
<p>${prose(means)}</p></article>`,
    ),
  );
}
