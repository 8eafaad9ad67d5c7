// The target's metrics: samples in Prometheus' text format, one a line, with a timestamp in milliseconds.
//
//     http_errors_total{app="shop-canary",canary="true",service="shop"} 3 1763704800000
//
// Nobody scrapes a folder, so what measures an app is a probe: it visits the app a few times, and adds what it saw
// to the counters. To see how a bad release is caught, add lines with larger values of http_errors_total. A line
// without a timestamp counts as of when the file was last written.
import { appendFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { targetFolder, visit } from "./target.mjs";

const file = join(targetFolder, "metrics.prom");
const VISITS = 5;
const BETWEEN_VISITS_MS = 10;
const PRUNE_ABOVE_BYTES = 1 << 20;
const KEPT_MS = 24 * 3600_000;

const linePattern =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s+([+-]?(?:[0-9.]+(?:[eE][+-]?[0-9]+)?|Inf|NaN))(?:\s+(-?[0-9]+))?\s*$/;
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gy;

function parseLabels(text) {
  const labels = {};
  labelPattern.lastIndex = 0;
  for (;;) {
    const at = labelPattern.lastIndex;
    const match = labelPattern.exec(text);
    if (!match) return text.slice(at).trim() === "" ? labels : undefined;
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign));
  }
}

/** Reads samples; comments, blank lines and what cannot be read are passed over. */
export function parseSamples(text, defaultAt) {
  const samples = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = linePattern.exec(line.trim());
    const labels = match && parseLabels(match[2] ?? "");
    if (!match || !labels) continue;
    const value = Number(match[3].replace("Inf", "Infinity"));
    samples.push({
      name: match[1],
      labels,
      value,
      at: match[4] === undefined ? defaultAt : Number(match[4]),
    });
  }
  return samples;
}

function formatSample({ name, labels, value, at }) {
  const quoted = (text) => text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");
  const inside = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => `${key}="${quoted(text)}"`);
  return `${name}{${inside.join(",")}} ${value} ${at}\n`;
}

export async function readSamples() {
  const [text, written] = await Promise.all([
    readFile(file, "utf8").catch(() => ""),
    stat(file).then(
      ({ mtimeMs }) => Math.round(mtimeMs),
      () => 0,
    ),
  ]);
  return parseSamples(text, written);
}

/** Labels of an app: `shop-canary` is the service shop in the environment canary. */
export function labelsOf(app) {
  const [, service = app, environment = ""] =
    /^(.+)-(canary|production|staging|development)$/.exec(app) ?? [];
  return { app, service, environment, canary: String(environment === "canary") };
}

function latestValue(samples, name, app) {
  const own = samples.filter((sample) => sample.name === name && sample.labels.app === app);
  // Lines that people add need not name the app; they count for it when its other labels match.
  const labels = labelsOf(app);
  const added = samples.filter(
    (sample) =>
      sample.name === name &&
      sample.labels.app === undefined &&
      Object.entries(sample.labels).every(([key, text]) => labels[key] === text),
  );
  const latest = [...own, ...added].sort((a, b) => a.at - b.at).at(-1);
  return latest?.value ?? 0;
}

async function prune() {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < PRUNE_ABOVE_BYTES) return;
  const since = Date.now() - KEPT_MS;
  const kept = (await readSamples()).filter(({ at }) => at >= since);
  await writeFile(`${file}.new`, kept.map(formatSample).join(""));
  await rename(`${file}.new`, file);
}

/** Visits an app a few times and adds what was seen to its counters. */
export async function probe(app, revision) {
  await mkdir(targetFolder, { recursive: true });
  await prune();
  const samples = await readSamples();
  const labels = labelsOf(app);
  const counters = {
    http_requests_total: latestValue(samples, "http_requests_total", app),
    http_errors_total: latestValue(samples, "http_errors_total", app),
  };
  const record = async () => {
    const at = Date.now();
    const lines = Object.entries(counters).map(([name, value]) => formatSample({ name, labels, value, at }));
    await appendFile(file, lines.join(""));
  };
  await record();
  for (let visits = 0; visits < VISITS; visits += 1) {
    await sleep(BETWEEN_VISITS_MS);
    counters.http_requests_total += 1;
    try {
      const health = JSON.parse(await visit(app, "health.json"));
      if (revision !== undefined && health.revision !== revision) throw new Error("another revision answers");
      await visit(app, "index.html");
    } catch {
      counters.http_errors_total += 1;
    }
  }
  await record();
}
