// The site that stands for a deployed app: one page, no outside requests.

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// A hue from the revision, so that two revisions look different at a glance.
function hueOf(text) {
  let hash = 7;
  for (const sign of text) hash = (hash * 31 + (sign.codePointAt(0) ?? 0)) % 360;
  return hash;
}

const style = (hue) => `
  :root { color-scheme: light dark; --hue: ${hue}; }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem;
    font: 16px/1.5 system-ui, sans-serif; color: #fff;
    background: radial-gradient(120% 120% at 15% 10%, hsl(var(--hue) 70% 46%), hsl(calc(var(--hue) + 50) 65% 22%)); }
  main { width: min(42rem, 100%); padding: clamp(1.5rem, 5vw, 3rem); border-radius: 1.5rem;
    background: rgb(0 0 0 / 0.28); backdrop-filter: blur(12px); box-shadow: 0 2rem 4rem rgb(0 0 0 / 0.3); }
  .app { margin: 0; opacity: 0.8; letter-spacing: 0.02em; }
  h1 { margin: 0.1em 0 0.4em; font-size: clamp(2.2rem, 9vw, 4.5rem); line-height: 1.05; overflow-wrap: anywhere; }
  .state { display: inline-flex; align-items: center; gap: 0.6em; padding: 0.35em 1em; border-radius: 2em;
    background: rgb(255 255 255 / 0.16); }
  .state::before { content: ""; width: 0.7em; height: 0.7em; border-radius: 50%; background: #6ee7a0; }
  .withdrawn::before { background: #fca5a5; }
  h2 { margin: 2.2rem 0 0.6rem; font-size: 0.95rem; font-weight: 600; opacity: 0.8; }
  ol { list-style: none; margin: 0; padding: 0; }
  li { display: grid; grid-template-columns: 1fr auto auto; gap: 1rem; padding: 0.5rem 0;
    border-top: 1px solid rgb(255 255 255 / 0.18); }
  li span { overflow-wrap: anywhere; } li em { font-style: normal; opacity: 0.75; } time { opacity: 0.75; }
`;

/** The page of an app whose releases are `history`, the last one live. */
export function page(app, history) {
  const release = history.at(-1);
  const isWithdrawn = release.revision === "";
  const rows = history
    .slice(-8)
    .reverse()
    .map(
      ({ revision, action, at }) =>
        `<li><span>${escapeHtml(revision || "no release")}</span><em>${escapeHtml(action)}</em><time datetime="${escapeHtml(at)}">${escapeHtml(at.slice(0, 19).replace("T", " "))} UTC</time></li>`,
    );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(app)} ${escapeHtml(release.revision)}</title>
<style>${style(hueOf(release.revision))}</style>
</head>
<body>
<main>
<p class="app">${escapeHtml(app)}</p>
<h1>${escapeHtml(isWithdrawn ? "No release" : release.revision)}</h1>
<p class="state${isWithdrawn ? " withdrawn" : ""}">${isWithdrawn ? "withdrawn" : "healthy"}</p>
<h2>Releases</h2>
<ol>
${rows.join("\n")}
</ol>
</main>
</body>
</html>
`;
}
