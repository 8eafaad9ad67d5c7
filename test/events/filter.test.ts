import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilteredEvent } from "../../src/events/expression.ts";
import { checkFilter, compileFilter } from "../../src/events/filter.ts";
import { Matching } from "../../src/events/matching.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anEvent } from "./builders.ts";

function decide(filter: string, event: CloudEvent): boolean | string {
  const compiled = compileFilter(filter);
  if (!compiled.ok) return `refused: ${compiled.error.message}`;
  const result = compiled.value(new FilteredEvent(event));
  return result.ok ? result.value : result.error.message;
}

const push = anEvent({
  type: "com.github.push",
  subject: "refs/heads/main",
  data: {
    ref: "refs/heads/main",
    forced: false,
    size: 2,
    ratio: 0.5,
    none: null,
    constructor: "not a prototype",
    commits: [
      { id: "a1", modified: ["README.md", "src/app.ts"] },
      { id: "b2", modified: [] },
    ],
    numbers: [1, 2, 3],
  },
});

describe("a filter", () => {
  it.each<[filter: string, expected: boolean]>([
    ['event.type == "com.github.push"', true],
    ['event.data.ref == "refs/heads/main" && !event.data.forced', true],
    ['event.data.ref.startsWith("refs/tags/")', false],
    ['event["data"]["ref"].endsWith("main")', true],
    ['event.data.ref.matches("^refs/heads/(main|release-[0-9]+)$")', true],
    ["event.data.size + 1 == 3", true],
    ["event.data.size > 1.5 && event.data.ratio < 1", true],
    ["event.data.size == 2.0", true],
    ["2 in event.data.numbers && !(5 in event.data.numbers)", true],
    ["event.data.numbers.map(n, n * 2) == [2, 4, 6]", true],
    ['event.data.commits.exists(c, c.modified.exists(f, f.startsWith("src/")))', true],
    ["event.data.commits.all(c, size(c.modified) > 0)", false],
    ["event.data.none == null", true],
    ['event.data.constructor == "not a prototype"', true],
    ['event.data.ref == "x" || event.data.missing', false],
    ["has(event.data.ref) && !has(event.data.missing)", true],
    ['event.data.missing == 1 || event.data.ref != ""', true],
    ['event.data.size == "2"', false],
    ['timestamp("2026-01-01T00:00:00Z") < timestamp("2026-01-02T00:00:00Z")', true],
  ])("%s decides an event as %s", (filter, expected) => {
    const outcome = decide(filter, push);
    // A missing field beside a false operand is an error in CEL, which counts as no match.
    expect(typeof outcome === "string" ? false : outcome).toBe(expected);
  });

  it("fails on an event without the field it asks for", () => {
    expect(decide('event.data.missing == "x"', push)).toBe("No such key: missing (at character 12)");
    expect(decide("event.data.ref.size.x == 1", push)).toContain("size");
  });

  it("fails where it comes out as neither true nor false", () => {
    expect(decide("event.data.ref", push)).toBe("the filter came out as neither true nor false");
  });

  it.each([
    ["", "Unexpected token: EOF"],
    ["event.data.ref ==", "at character 18"],
    ["evnt.type == 'x'", "Unknown variable: evnt"],
    ["1 + 1", "must come out true or false"],
    ['event.type.nope("x")', "nope() cannot be called in a filter"],
    ["cel.bind(x, 1, x == 1)", "bind() cannot be called in a filter"],
    ['["a"].join() == "a"', "join() cannot be called in a filter"],
    ['event.type.linearMatches("x")', "cannot be called in a filter"],
    ['event.type.matches("(")', "missing closing"],
    [`event.type.matches("${"x".repeat(201)}")`, "at most 200 characters"],
    [`event.type == "${"x".repeat(2000)}"`, "at most 2000 characters"],
    [`${"(".repeat(100)}true${")".repeat(100)}`, "maxDepth"],
    [Array.from({ length: 300 }, () => "true").join("&&"), "maxAstNodes"],
  ])("that reads %j is refused when it is registered", (filter, message) => {
    expect(checkFilter(filter)).toContain(message);
  });

  it("that is well-formed has nothing wrong with it", () => {
    expect(checkFilter('event.data.service == "shop"')).toBeUndefined();
  });

  const list = Array.from({ length: 50_000 }, (_, index) => index);
  const hostile = anEvent({
    data: {
      list,
      copy: [...list],
      text: "a".repeat(400_000),
      lines: Array.from({ length: 1000 }, () => "b".repeat(400)),
    },
  });
  it.each([
    ["nested loops", "event.data.list.all(a, event.data.list.all(b, event.data.list.all(c, true)))"],
    [
      "nested loops whose errors are absorbed",
      "event.data.list.exists(a, event.data.list.exists(b, b.x)) || true",
    ],
    ["deep comparisons in a loop", "event.data.list.all(a, event.data.list == event.data.copy)"],
    ["long searches in a loop", 'event.data.list.all(a, !event.data.text.contains("zz"))'],
    ["a pattern that backtracks", 'event.data.text.matches("(a+)+$b")'],
    ["patterns in a loop", 'event.data.lines.all(line, line.matches("^(b|bb)*$"))'],
    ["text that doubles", `[event.data.text]${".map(x, x + x)".repeat(25)}.size() > 0`],
    ["lists that double", `[event.data.list]${".map(x, x + x)".repeat(25)}.size() > 0`],
    [
      "lists made for loops",
      "event.data.list.filter(x, true).all(a, event.data.list.filter(x, true).all(b, true))",
    ],
  ])("stops at %s before it costs the bus its time", (_name, filter) => {
    expect(decide(filter, hostile)).toBe("the filter takes more than 200000 steps");
  });

  it("works after one that used up its steps", () => {
    decide("event.data.list.all(a, event.data.list.all(b, true))", hostile);
    expect(decide('event.type == "com.github.push"', push)).toBe(true);
  });

  it("decides any event without throwing", () => {
    const filters = fc.constantFrom(
      "event.data.a.b == 1",
      'event.data.exists(x, x == "y")',
      "event.data + event.data == event.data",
      "size(event.data) > 1",
      "event.data.map(x, x.a)[0] == event.data[1]",
      "event.data in event.data",
      "-event.data < event.data.a",
    );
    fc.assert(
      fc.property(filters, fc.jsonValue({ maxDepth: 5 }), (filter, data) => {
        const outcome = decide(filter, anEvent({ data: data as JsonValue }));
        expect(["boolean", "string"]).toContain(typeof outcome);
      }),
    );
  });
});

describe("matching", () => {
  const matching = new Matching();
  const decideFor = (criteria: Parameters<Matching["decide"]>[0], event = push) =>
    matching.decide(criteria, new FilteredEvent(event));

  it("takes a type as it is, or as a prefix", () => {
    expect(decideFor({ type: "com.github.push" })).toEqual({ matches: true });
    expect(decideFor({ type: "com.github.*" })).toEqual({ matches: true });
    expect(decideFor({ type: "*" })).toEqual({ matches: true });
    expect(decideFor({ type: "com.github.pus" })).toEqual({ matches: false });
    expect(decideFor({ type: "com.gitlab.*" })).toEqual({ matches: false });
  });

  it.each<[match: { [path: string]: JsonValue }, expected: boolean]>([
    [{ subject: "refs/heads/main" }, true],
    [{ "data.commits.0.id": "a1", "data.size": 2 }, true],
    [{ "data.commits.0": { modified: ["README.md", "src/app.ts"], id: "a1" } }, true],
    [{ "data.commits.0": { id: "a1" } }, false],
    [{ "data.none": null }, true],
    [{ "data.missing": null }, false],
    [{ "data.commits.length": 2 }, false],
    [{ "data.toString": null }, false],
    [{ subject: "refs/heads/main", "data.forced": true }, false],
    [{ "data.size": "2" }, false],
    [{}, true],
  ])("by %j decides %s", (match, expected) => {
    expect(decideFor({ type: "com.github.push", match }).matches).toBe(expected);
  });

  it("tells nothing of what is asked for where that is sensitive", () => {
    const type = "com.github.push";
    const reasonFor = (criteria: Omit<Parameters<Matching["decide"]>[0], "type">) => {
      const { unmatched, failed } = decideFor({ type, isSensitive: true, ...criteria });
      return unmatched?.reason() ?? failed;
    };
    expect(reasonFor({ match: { "data.size": 2, "data.nonce-1234": "nonce-1234" } })).toBe(
      "condition 2 of its match, which is sensitive, does not hold",
    );
    expect(reasonFor({ filter: 'event.id == "nonce-1234"' })).toBe("its filter, which is sensitive, says no");
    expect(reasonFor({ filter: 'event.data["nonce-1234"] == 1' })).toBe("it is sensitive, and so is how");
  });

  it("finds every value at its own path, and not at another value", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 }),
        (data) => {
          const event = anEvent({ data: data as JsonValue });
          for (const [key, value] of Object.entries(data)) {
            const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
            const at = (expected: JsonValue) =>
              decideFor({ type: event.type, match: { [`data.${key}`]: expected } }, event).matches;
            expect(at(plain)).toBe(true);
            expect(at([plain])).toBe(false);
          }
        },
      ),
    );
  });

  it("asks the filter last, and says when that failed", () => {
    expect(decideFor({ type: "com.github.push", filter: "event.data.x == 1" })).toEqual({
      matches: false,
      failed: "No such key: x (at character 12)",
    });
    expect(decideFor({ type: "com.other", filter: "event.data.x == 1" })).toEqual({ matches: false });
    expect(
      decideFor({ type: "com.github.push", match: { id: "no" }, filter: "event.data.x == 1" }).matches,
    ).toBe(false);
  });

  it.each([
    "bool(event.data.token)",
    "event.data[event.data.token] == 1",
    'event.data.token.matches(event.data.token + "(")',
    'duration(event.data.token) == duration("1s")',
  ])("does not say how %s failed on an event whose values are sensitive", (filter) => {
    const login = anEvent({ type: "com.example.login", data: { token: "hunter2" } });
    const told = (event: CloudEvent) => decideFor({ type: event.type, filter }, event).failed;
    expect(told(login)).toContain("unter2");
    expect(told({ ...login, sluicesensitive: '["token"]' })).toBe(
      "the event has sensitive values, and how it failed might tell them",
    );
  });

  it("says in few words that it failed, whatever it was given", () => {
    const long = anEvent({ type: "com.example.login", data: { token: "x".repeat(100_000) } });
    const { failed } = decideFor({ type: long.type, filter: "bool(event.data.token)" }, long);
    expect(failed).toMatch(/^bool\(\) conversion error: .*x… \(at character 1\)$/);
    expect(failed?.length).toBeLessThan(350);
  });

  it.each<[criteria: Omit<Parameters<typeof decideFor>[0], "type">, reason: string]>([
    [{ match: { subject: "refs/heads/main", "data.size": 3 } }, "data.size is 2, not 3"],
    [{ match: { "data.tag": "v1" } }, 'there is no data.tag, which is to be "v1"'],
    [{ filter: "event.data.size > 2" }, "its filter says no: event.data.size > 2 is false"],
    [
      {
        filter: 'event.data.size == 2 && (event.data.forced || event.subject == "x") && event.data.ratio > 1',
      },
      'its filter says no: event.data.forced || event.subject == "x" is false',
    ],
    [
      { filter: "event.data.missing == 1 && event.data.forced" },
      "its filter says no: event.data.forced is false",
    ],
  ])("says of %j the first condition that does not hold", (criteria, reason) => {
    expect(decideFor({ type: "com.github.push", ...criteria }).unmatched?.reason()).toBe(reason);
  });
});
