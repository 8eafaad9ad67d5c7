/** The algorithms of the library that have another implementation to be held against. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { md5, sha1, sha256 } from "../../src/starlark/digests.ts";
import { Budget, compile, initModule, StarlarkBytes, str, type Value } from "../../src/starlark/index.ts";
import { civilFromSeconds, daysFromCivil, secondsFromCivil } from "../../src/starlark/library/calendar.ts";
import { formatDuration, parseDurationText } from "../../src/starlark/library/duration-text.ts";
import { standardModules } from "../../src/starlark/library/modules.ts";

function evaluate(expression: string, predeclared: Record<string, Value> = {}): Value | undefined {
  const names = { ...standardModules, ...predeclared };
  const program = compile(`result = ${expression}`, { file: "x.star", predeclared: Object.keys(names) });
  return initModule(program, { predeclared: names, budget: new Budget() }).globals.get("result");
}

test.each([
  ["md5", md5],
  ["sha1", sha1],
  ["sha256", sha256],
] as const)("%s agrees with Node's", (name, digest) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
      expect(Buffer.from(digest(data)).toString("hex")).toBe(createHash(name).update(data).digest("hex"));
    }),
  );
});

test("base64 agrees with Node's, there and back, in both alphabets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (data, url) => {
      const names = { data: new StarlarkBytes(data), safe: url };
      const text = evaluate("base64.encode(data, url = safe)", names);
      expect(text).toBe(Buffer.from(data).toString(url ? "base64url" : "base64"));
      expect(evaluate("base64.decode(base64.encode(data, url = safe), url = safe) == data", names)).toBe(
        true,
      );
    }),
  );
});

test("dates agree with JavaScript's over ten thousand years", () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000_000_00, max: 2_000_000_000_00 }), (seconds) => {
      const civil = civilFromSeconds(seconds);
      const date = new Date(seconds * 1000);
      expect([civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
      ]);
      expect(secondsFromCivil(civil)).toBe(seconds);
    }),
  );
});

test("months out of range carry over into other years", () => {
  expect(daysFromCivil(2020, 14, 1)).toBe(daysFromCivil(2021, 2, 1));
  expect(daysFromCivil(2020, -1, 1)).toBe(daysFromCivil(2019, 11, 1));
});

test("the text of a duration reads back as the duration", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanoseconds) => {
      expect(parseDurationText(formatDuration(nanoseconds))).toBe(nanoseconds);
    }),
  );
});

test("a time reads back by the layout it was written by", () => {
  fc.assert(
    fc.property(fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }), (seconds) => {
      const text = evaluate("time.from_timestamp(s).format('Mon, 02 Jan 2006 15:04:05 -0700')", {
        s: seconds,
      });
      const back = "time.parse_time(text, format = 'Mon, 02 Jan 2006 15:04:05 -0700').unix";
      expect(evaluate(back, { text: text ?? null })).toBe(seconds);
    }),
  );
});

test("JSON text survives decoding and encoding, as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (data) => {
      const text = evaluate("json.encode(json.decode(text))", { text: JSON.stringify(data) });
      // -0 is an int to Starlark, and ints have no sign of zero.
      expect(JSON.parse(String(text))).toEqual(JSON.parse(JSON.stringify(data).replace(/-0(?![.\d])/g, "0")));
    }),
  );
});

test("the fixed digits of %f and %e are those of the exact value, halves to even", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (numerator) => {
      const value = numerator / 128;
      const scaled = (BigInt(numerator) * 1_000_000n * 2n) / 128n;
      const exact = (BigInt(numerator) * 1_000_000n * 2n) % 128n === 0n;
      fc.pre(exact && scaled % 2n === 0n);
      const text = evaluate("'%f' % (n / 128)", { n: numerator });
      expect(Number(text)).toBe(value);
    }),
  );
  expect(evaluate("'%f %f %e' % (0.0078125, 0.0234375, 1.00000050)")).toBe("0.007812 0.023438 1.000001e+00");
});

test("sorting is stable in both directions, whatever the key", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 })), fc.boolean(), (keys, reverse) => {
      const pairs = `[${keys.map((key, i) => `(${key}, ${i})`).join(", ")}]`;
      const sorted = evaluate(
        `sorted(${pairs}, key = lambda pair: pair[0], reverse = ${reverse ? "True" : "False"})`,
      );
      const expected = keys
        .map((key, i) => [key, i] as const)
        .sort(([a, i], [b, j]) => (reverse ? b - a : a - b) || i - j)
        .map(([key, i]) => `(${key}, ${i})`);
      expect(str(sorted ?? null)).toBe(`[${expected.join(", ")}]`);
    }),
  );
});
