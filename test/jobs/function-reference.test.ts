import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  functionName,
  functionVersion,
  parseFunctionReference,
  parseReferenceObject,
} from "../../src/protocol/function-reference.ts";

const parsed = (text: string) => {
  const result = parseFunctionReference(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

const nameAndVersion = (text: string) => [functionName(parsed(text)), functionVersion(parsed(text))];

describe("a function reference", () => {
  it.each([
    [
      "gitlab.com/cd/reconcile@v1",
      { kind: "git", repository: "gitlab.com/cd/reconcile", dir: "", version: "v1" },
    ],
    [
      "git.example:8443/a/b/-/deploy/canary@main",
      { kind: "git", repository: "git.example:8443/a/b", dir: "deploy/canary", version: "main" },
    ],
    [
      "gitlab.com/components/echo/-/reverse/my-step.yml@3c63f39",
      {
        kind: "git",
        repository: "gitlab.com/components/echo",
        dir: "reverse",
        file: "my-step.yml",
        version: "3c63f39",
      },
    ],
    ["builtin://emit", { kind: "builtin", name: "emit" }],
    ["./functions/deploy", { kind: "local", path: "./functions/deploy" }],
    ["../shared", { kind: "local", path: "../shared" }],
  ])("reads %s", (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    ["gitlab.com/cd/reconcile", "names no version"],
    ["", "is empty"],
    ["reconcile@v1", "does not start with a host"],
    ["gitlab.com@v1", "names a host but no repository"],
    ["https://gitlab.com/cd/reconcile@v1", "has a scheme"],
    ["gitlab.com/cd/../../etc@v1", 'path segment ".."'],
    ["gitlab.com/cd//x@v1", 'path segment ""'],
    ["gitlab.com/cd/x@--upload-pack=x", 'has "--upload-pack=x" for a version'],
    ["gitlab.com/cd/x@a..b", "for a version"],
    ["gitlab.com/-oProxy/x@v1", "path segment"],
    ["builtin://", "does not name a builtin"],
    [`gitlab.com/${"x/".repeat(300)}y@v1`, "longer than"],
  ])("refuses %s", (text, why) => {
    const result = parseFunctionReference(text);
    expect(result).toMatchObject({ ok: false, error: { code: "invalid_reference" } });
    expect(!result.ok && result.error.message).toContain(why);
  });

  it("keeps name and version apart for policy and catalog", () => {
    const reference = parsed("gitlab.com/cd/tools/-/reconcile@v1");
    expect(functionName(reference)).toBe("gitlab.com/cd/tools/-/reconcile");
    expect(functionVersion(reference)).toBe("v1");
    expect(functionVersion(parsed("./x"))).toBeNull();
  });

  it("reads the object forms of func.yml", () => {
    const git = { url: "https://gitlab.com/c/echo.git", rev: "main", dir: "my/steps", file: "my-step.yml" };
    expect(parseReferenceObject({ git })).toEqual({
      ok: true,
      value: {
        kind: "git",
        repository: "gitlab.com/c/echo",
        dir: "my/steps",
        file: "my-step.yml",
        version: "main",
      },
    });
    expect(parseReferenceObject({ git: { url: "gitlab.com/c/e", rev: "--x" } }).ok).toBe(false);
    expect(parseReferenceObject({ oci: { registry: "r.io", repository: "a/b", tag: "1" } })).toMatchObject({
      value: { kind: "oci", repository: "r.io/a/b", tag: "1" },
    });
  });

  it("never throws, and its name and version are a reference of that name and version", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-z.]{1,9}\/[a-z/.-]{1,12}@[a-z0-9./-]{1,6}$/)),
        (text) => {
          const result = parseFunctionReference(text);
          if (!result.ok || result.value.kind !== "git") return;
          const again = `${functionName(result.value)}@${functionVersion(result.value)}`;
          expect(nameAndVersion(again)).toEqual(nameAndVersion(text));
        },
      ),
    );
  });
});
