// The part of PromQL that docs/functions.md lists: selectors, rate() and its kin over a range, aggregation over
// everything, numbers, and + - * / between values.
import { Failure } from "./answer.mjs";

const units = { ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 86_400_000, w: 604_800_000 };
/** An instant selector sees samples this old, as in Prometheus. */
const LOOKBACK_MS = 5 * 60_000;

const rangeFunctions = [
  "rate",
  "irate",
  "increase",
  "delta",
  "avg_over_time",
  "max_over_time",
  "min_over_time",
  "sum_over_time",
  "count_over_time",
  "last_over_time",
];
const aggregations = ["sum", "avg", "min", "max", "count"];

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  fail(message) {
    throw new Failure(
      "InvalidQuery",
      `${message} at character ${this.at + 1} of ${JSON.stringify(this.text)}`,
    );
  }

  match(pattern) {
    const space = /\s*/y;
    space.lastIndex = this.at;
    space.exec(this.text);
    pattern.lastIndex = space.lastIndex;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  take(sign) {
    const space = /\s*/y;
    space.lastIndex = this.at;
    space.exec(this.text);
    if (!this.text.startsWith(sign, space.lastIndex)) return false;
    this.at = space.lastIndex + sign.length;
    return true;
  }

  expect(sign) {
    if (!this.take(sign)) this.fail(`expected ${sign}`);
  }

  expression() {
    let left = this.term();
    for (;;) {
      const operator = this.match(/[+-]/y)?.[0];
      if (!operator) return left;
      left = { kind: "operation", operator, left, right: this.term() };
    }
  }

  term() {
    let left = this.factor();
    for (;;) {
      const operator = this.match(/[*/]/y)?.[0];
      if (!operator) return left;
      left = { kind: "operation", operator, left, right: this.factor() };
    }
  }

  factor() {
    if (this.take("(")) {
      const inner = this.expression();
      this.expect(")");
      return inner;
    }
    const number = this.match(/-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y)?.[0];
    if (number !== undefined) return { kind: "number", value: Number(number) };
    const name = this.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y)?.[0];
    if (name === undefined) {
      if (this.take("{")) {
        this.at -= 1;
        return this.selector(undefined);
      }
      this.fail("expected a metric, a function or a number");
    }
    if (aggregations.includes(name)) {
      if (this.match(/(by|without)\b/y)) this.fail("by and without are not supported");
      this.expect("(");
      const inner = this.expression();
      this.expect(")");
      return { kind: "aggregation", name, inner };
    }
    if (this.take("(")) {
      if (!rangeFunctions.includes(name))
        this.fail(`unknown function ${name} (known: ${rangeFunctions.join(", ")})`);
      const selector = this.selector(this.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y)?.[0]);
      if (selector.rangeMs === undefined) this.fail(`${name}() needs a range such as [10m]`);
      this.expect(")");
      return { kind: "over", name, selector };
    }
    const selector = this.selector(name);
    if (selector.rangeMs !== undefined) this.fail("a range stands only inside a function such as rate()");
    return selector;
  }

  selector(name) {
    const matchers = [];
    if (name !== undefined) matchers.push({ label: "__name__", test: (text) => text === name });
    if (this.take("{")) {
      while (!this.take("}")) {
        const label = this.match(/[a-zA-Z_][a-zA-Z0-9_]*/y)?.[0] ?? this.fail("expected a label");
        const operator = this.match(/=~|!~|!=|=/y)?.[0] ?? this.fail("expected = != =~ or !~");
        const quoted =
          this.match(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y) ?? this.fail("expected a text in quotes");
        const text = (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/g, "$1");
        matchers.push({ label, test: this.test(operator, text) });
        if (!this.take(",") && !this.text.slice(this.at).trimStart().startsWith("}"))
          this.fail("expected , or }");
      }
    }
    if (matchers.length === 0) this.fail("expected a metric");
    let rangeMs;
    if (this.take("[")) {
      rangeMs = 0;
      for (let part = this.match(/([0-9]+)(ms|[smhdw])/y); part; part = this.match(/([0-9]+)(ms|[smhdw])/y)) {
        rangeMs += Number(part[1]) * units[part[2]];
      }
      if (rangeMs === 0) this.fail("expected a duration such as 10m");
      this.expect("]");
    }
    return { kind: "selector", matchers, rangeMs };
  }

  test(operator, text) {
    if (operator === "=") return (value) => value === text;
    if (operator === "!=") return (value) => value !== text;
    if (text.length > 200) this.fail("the pattern is too long");
    let pattern;
    try {
      pattern = new RegExp(`^(?:${text})$`);
    } catch {
      this.fail(`the pattern ${JSON.stringify(text)} is not valid`);
    }
    return (value) => pattern.test(value) === (operator === "=~");
  }
}

/** Reads a query; an error says at which character. */
export function parseQuery(text) {
  const reader = new Reader(text);
  const query = reader.expression();
  if (reader.text.slice(reader.at).trim() !== "") reader.fail("unexpected text");
  return query;
}

/** Whether any selector of a query fits these labels, metric name aside: which apps it asks about. */
export function asksAbout(query, labels) {
  switch (query.kind) {
    case "number":
      return false;
    case "operation":
      return asksAbout(query.left, labels) || asksAbout(query.right, labels);
    case "aggregation":
      return asksAbout(query.inner, labels);
    case "over":
      return asksAbout(query.selector, labels);
    default:
      return query.matchers.every(({ label, test }) => label === "__name__" || test(labels[label] ?? ""));
  }
}

function seriesOf(selector, samples, now) {
  const since = now - (selector.rangeMs ?? LOOKBACK_MS);
  const series = new Map();
  for (const sample of samples) {
    const labels = { ...sample.labels, __name__: sample.name };
    if (sample.at <= since || sample.at > now) continue;
    if (!selector.matchers.every(({ label, test }) => test(labels[label] ?? ""))) continue;
    const key = JSON.stringify(Object.entries(labels).sort());
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  return [...series.values()].map((points) => points.sort((a, b) => a.at - b.at));
}

/** How much a counter grew; a value smaller than the one before means that it began anew. */
function growth(points) {
  let grown = 0;
  for (let i = 1; i < points.length; i += 1) {
    const [before, after] = [points[i - 1].value, points[i].value];
    grown += after >= before ? after - before : after;
  }
  return grown;
}

/**
 * What grew between the first and the last sample, extended towards the ends of the range as Prometheus does: up
 * to the end when the samples come close to it, else by half the usual distance between them, and never to a time
 * at which the counter would have been below zero.
 */
function extrapolated(points, grown, rangeMs, now, isCounter) {
  const [first, last] = [points[0], points.at(-1)];
  const sampled = last.at - first.at;
  const usual = sampled / (points.length - 1);
  let toStart = first.at - (now - rangeMs);
  const toEnd = now - last.at;
  if (toStart >= usual * 1.1) toStart = usual / 2;
  if (isCounter && grown > 0 && first.value >= 0)
    toStart = Math.min(toStart, sampled * (first.value / grown));
  const extension = toStart + (toEnd >= usual * 1.1 ? usual / 2 : toEnd);
  return grown * ((sampled + extension) / sampled);
}

function over(name, points, rangeMs, now) {
  const values = points.map(({ value }) => value);
  const sum = values.reduce((all, value) => all + value, 0);
  switch (name) {
    case "avg_over_time":
      return sum / values.length;
    case "sum_over_time":
      return sum;
    case "max_over_time":
      return Math.max(...values);
    case "min_over_time":
      return Math.min(...values);
    case "count_over_time":
      return values.length;
    case "last_over_time":
      return values.at(-1);
    default:
  }
  // The others compare samples, and need two at different times.
  if (points.length < 2 || points.at(-1).at === points[0].at) return undefined;
  if (name === "irate") {
    const [before, after] = points.slice(-2);
    return (growth([before, after]) * 1000) / Math.max(after.at - before.at, 1);
  }
  if (name === "delta") return extrapolated(points, values.at(-1) - values[0], rangeMs, now, false);
  const increase = extrapolated(points, growth(points), rangeMs, now, true);
  return name === "increase" ? increase : (increase * 1000) / rangeMs;
}

function valuesOf(query, samples, now) {
  switch (query.kind) {
    case "number":
      return [query.value];
    case "selector":
      return seriesOf(query, samples, now).map((points) => points.at(-1).value);
    case "over":
      return seriesOf(query.selector, samples, now)
        .map((points) => over(query.name, points, query.selector.rangeMs, now))
        .filter((value) => value !== undefined);
    case "aggregation": {
      const values = valuesOf(query.inner, samples, now);
      if (values.length === 0) return [];
      const sum = values.reduce((all, value) => all + value, 0);
      const results = {
        sum,
        avg: sum / values.length,
        min: Math.min(...values),
        max: Math.max(...values),
        count: values.length,
      };
      return [results[query.name]];
    }
    default: {
      const [left, right] = [query.left, query.right].map((side) => valuesOf(side, samples, now));
      if (left.length > 1 || right.length > 1) {
        throw new Failure(
          "InvalidQuery",
          `${query.operator} needs one value on each side: aggregate with sum()`,
        );
      }
      if (left.length === 0 || right.length === 0) return [];
      const [[a], [b]] = [left, right];
      return [{ "+": a + b, "-": a - b, "*": a * b, "/": a / b }[query.operator]];
    }
  }
}

/** The value of a query at a time; of several series the largest. Undefined when there is no data. */
export function evaluateQuery(query, samples, now) {
  const values = valuesOf(query, samples, now);
  return values.length === 0 ? undefined : Math.max(...values);
}
