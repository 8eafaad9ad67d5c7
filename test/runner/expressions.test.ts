// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateText } from "../../runner/expressions/evaluate.ts";
import { ExpressionError } from "../../runner/expressions/syntax.ts";
import {
  compare,
  fromJson,
  isSensitive,
  object,
  scalar,
  secretsIn,
  toJson,
} from "../../runner/expressions/value.ts";
import type { JsonValue } from "../../src/protocol/json.ts";

const scope = new Map([
  [
    "inputs",
    object([
      ["app", scalar("shop")],
      ["count", scalar(3)],
      ["empty", scalar("")],
      ["list", fromJson([1, [2], { deep: "x" }])],
      ["obj", fromJson({ "a-b": 1, field: "value" })],
      ["token", scalar("s3cr3t", true)],
    ]),
  ],
  ["env", object([["HOME", scalar("/home/me")]])],
]);

const of = (text: string) => toJson(evaluateText(text, scope));
const failure = (text: string): ExpressionError => {
  try {
    evaluateText(text, scope);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} did not fail`);
};

describe("templates", () => {
  it.each<[string, JsonValue]>([
    ["plain", "plain"],
    ["", ""],
    ["${{ inputs.count }}", 3],
    ["  ${{ inputs.list }}\n", [1, [2], { deep: "x" }]],
    ["n=${{ inputs.count }}", "n=3"],
    ["${{inputs.app}}-${{inputs.count}}", "shop-3"],
    ["o=${{ inputs.obj }}", 'o={"a-b":1,"field":"value"}'],
    ["${{ null }}", null],
    ["is ${{ null }}", "is <null>"],
    ["\\${{ inputs.app }}", "${{ inputs.app }}"],
    ["$HOME ${x} {{ y }} }}", "$HOME ${x} {{ y }} }}"],
    ["${{ {a: {b: 1}} }}", { a: { b: 1 } }],
    ["${{ '}}' }}", "}}"],
  ])("%j is %j", (text, expected) => {
    expect(of(text)).toEqual(expected);
  });

  it("keep any text without expressions as it is", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("${{")),
        (text) => {
          expect(of(text)).toBe(text);
        },
      ),
    );
  });
});

describe("expressions", () => {
  it.each<[string, JsonValue]>([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 4 - 3", 3],
    ["7 / 2", 3.5],
    ["-7 % 3", -1],
    ["--5", 5],
    ["1.5e3 + 2E-1", 1500.2],
    ['"a" + "b"', "ab"],
    ["1 == 1.0", true],
    ['1 == "1"', false],
    ["null < false && false < 0 && 0 < ''", true],
    ["'a' < 'b'", true],
    ["[1, 2] < [1, 2, 3]", true],
    ["{b: 1} > {a: 2}", true],
    ["{a: 1, b: 2} == {b: 2, a: 1}", true],
    ["!'' && !0 && ![] && !{} && !null", true],
    ["inputs.empty || 'default'", "default"],
    ["inputs.nothing || 'default'", "default"],
    ["inputs.list[9] || 'none'", "none"],
    ["inputs.nothing.deeper || 'default'", "default"],
    ["false && inputs.nothing", false],
    ["inputs.app == 'shop' && 5 || 2", 5],
    ["inputs.list[1][0]", 2],
    ["inputs.list[2].deep", "x"],
    ['inputs.obj["a-b"]', 1],
    ["env.HOME", "/home/me"],
    ["str(42) + str(true) + str(null)", "42true<null>"],
    ["str([1, 'a'])", '[1,"a"]'],
    ['num("3.25") + num(1)', 4.25],
    ["bool('')", false],
    ['{name: "x", "y z": 1, (inputs.app): [1,],}', { name: "x", "y z": 1, shop: [1] }],
    ['"line\\n\\u0041\\${{ ${{ inputs.count + 1 }}"', "line\nA${{ 4"],
    ["'It\\'s ${{ raw }}'", "It's ${{ raw }}"],
  ])("%s is %j", (expression, expected) => {
    expect(of(`\${{ ${expression} }}`)).toEqual(expected);
  });

  it.each([
    ["inputs.nothing", 'there is no "nothing" here, only app, count', 10],
    ["inptus.app", 'unknown name "inptus" (known here: env, inputs)', 4],
    ["'a' + 1", "convert one with str() or num()", 8],
    ["1 - 'a'", "needs numbers", 6],
    ["1 / 0", "division by zero", 6],
    ["1 +", 'unexpected "}"', 8],
    ["inputs.app.x", 'of type string has no property "x"', 14],
    ["inputs.list['a']", "array[string] is not possible", 15],
    ["for", "reserved word", 4],
    ["exit(1)", 'unknown function "exit"', 4],
    ["str()", "takes one argument", 4],
    ["num('x1')", "cannot read", 4],
    ['"abc', "the string is not closed", 4],
    ["[1, 2", "expected ]", 10],
    ["1 2", 'unexpected "2"', 6],
    ["{1: 2}", "a key must be a string", 5],
    ["1e999", "too large", 4],
    ["inputs.list.length()", "only a function can be called", 22],
  ])("%s is refused with the position", (expression, message, at) => {
    const error = failure(`\${{ ${expression} }}`);
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it("that are not closed are refused where they begin", () => {
    expect(failure("text ${{ inputs.app").at).toBe(5);
  });

  it("nested without end are refused, not overflowed", () => {
    expect(failure(`\${{ ${"(".repeat(50_000)}`).message).toContain("nested too deeply");
    expect(failure(`\${{ ${"!".repeat(50_000)}1 }}`).message).toContain("nested too deeply");
  });

  it("of any text give a value or an error with a position, never anything else", () => {
    const piece = fc.constantFrom(
      ..."${{ }} ( ) [ ] { } , . : + - * / % == != < <= && || ! inputs app 'x' \"y\" 1 2.5 null true str \\".split(
        " ",
      ),
      " ",
      "",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 }), (pieces) => {
        try {
          evaluateText(`\${{ ${pieces.join("")} }}`, scope);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
          expect((error as ExpressionError).at).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("turn any JSON document into itself", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        // Number literals have no exponent without a digit before it, as JSON; -0 is 0 in JSON text.
        const text = JSON.stringify(value);
        fc.pre(!text.includes("${{"));
        expect(of(`\${{ ${text} }}`)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe("secrets", () => {
  it.each([
    "inputs.token",
    "'Bearer ' + inputs.token",
    "str(inputs.token)",
    "[1, inputs.token]",
    "{a: {b: inputs.token}}.a.b",
    "{(inputs.token): 1}",
    "inputs.token == 'x'",
    "!inputs.token",
    "inputs.token && 'yes'",
    "inputs.nothing || inputs.token",
    '"x${{ inputs.token }}"',
    "inputs",
  ])("make %s a secret", (expression) => {
    expect(isSensitive(evaluateText(`\${{ ${expression} }}`, scope))).toBe(true);
    expect(isSensitive(evaluateText(`text \${{ ${expression} }}`, scope))).toBe(true);
  });

  it("do not make what stands beside them one", () => {
    expect(isSensitive(evaluateText("${{ inputs.app }}", scope))).toBe(false);
  });

  it("are listed as the texts they may show up as", () => {
    const value = object([
      ["a", fromJson({ b: ["one", 22, true, null] }, true)],
      ["c", scalar("open")],
    ]);
    expect(secretsIn(value)).toEqual(["one", "22"]);
  });

  it("do not appear in an error", () => {
    expect(failure("${{ num(inputs.token) }}").message).not.toContain("s3cr3t");
  });
});

describe("the order of values", () => {
  it("is total: antisymmetric and transitive", () => {
    const value = fc.jsonValue({ maxDepth: 2 }).map((json) => fromJson(json as JsonValue));
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
