// Serves the local deployment target, so that what was deployed can be opened in a browser.
import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json",
  ".prom": "text/plain; version=0.0.4; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}

async function overview(folder: string): Promise<string> {
  const apps = (await readdir(folder).catch(() => [])).filter((name) => /^[A-Za-z0-9][\w.-]*$/.test(name));
  const folders = await Promise.all(
    apps.map(async (name) =>
      (await stat(join(folder, name)).catch(() => undefined))?.isDirectory() ? name : "",
    ),
  );
  const links = folders.filter(Boolean).map((name) => `<li><a href="/${name}/">${name}</a></li>`);
  const list = links.length > 0 ? `<ul>${links.join("")}</ul>` : "<p>Nothing is deployed here yet.</p>";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Deployment target</title>
<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>
<h1>Deployment target</h1>${list}</html>`;
}

/** The file a path means: inside the folder, links followed, and nothing hidden but what a live link leads to. */
async function fileFor(folder: string, path: string): Promise<string | undefined> {
  const parts = path.split("/").filter(Boolean);
  if (parts.some((part) => part.startsWith(".") || part.includes("\\") || part.includes("\0")))
    return undefined;
  const wanted = join(folder, ...parts, ...(path.endsWith("/") ? ["index.html"] : []));
  const [real, root] = await Promise.all([realpath(wanted), realpath(folder)]).catch(() => ["", ""]);
  if (real === undefined || root === undefined || !real.startsWith(root + sep)) return undefined;
  return real;
}

async function answer(folder: string, path: string, response: ServerResponse): Promise<void> {
  if (path === "/") {
    send(response, 200, "text/html; charset=utf-8", await overview(folder));
    return;
  }
  const file = await fileFor(folder, path === "/metrics" ? "/metrics.prom" : path);
  const found = file === undefined ? undefined : await stat(file);
  if (file !== undefined && found?.isDirectory()) {
    response.writeHead(308, { location: `${path}/` });
    response.end();
  } else if (file !== undefined && found?.isFile()) {
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-length": found.size,
    });
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
  } else send(response, 404, "text/plain; charset=utf-8", "Nothing is deployed here.\n");
}

/**
 * Serves a target folder, which need not exist yet. Resolves once it listens.
 *
 * @throws Error when the port is taken
 */
export async function startTargetServer(options: {
  folder: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default: this machine only. */
  host?: string;
}): Promise<{ url: string; close: () => Promise<void> }> {
  const { folder, port = 0, host = "127.0.0.1" } = options;
  const server = createServer((request, response) => {
    // What is live changes under the same address.
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
    );
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      send(response, 405, "text/plain; charset=utf-8", "Only GET here.\n");
      return;
    }
    let path: string;
    try {
      path = decodeURIComponent(new URL(request.url ?? "/", "http://target").pathname);
    } catch {
      send(response, 400, "text/plain; charset=utf-8", "That address cannot be read.\n");
      return;
    }
    answer(folder, path, response).catch(() => {
      if (response.headersSent) response.destroy();
      else send(response, 500, "text/plain; charset=utf-8", "The target could not be read.\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
