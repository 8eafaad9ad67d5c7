import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalTarget, matchesTarget } from "../../src/environments/target.ts";
import { canonicalName, canonicalNameAndVersion } from "../../src/protocol/function-name.ts";
import { nameOfReference, parseFunctionReference } from "../../src/protocol/function-reference.ts";

const isGoverned = (target: string, reference: string) =>
  matchesTarget(canonicalTarget({ function: target, inputs: {} }), {
    name: nameOfReference(reference),
    inputs: {},
  });

/** `text` with some of its letters in the other case. */
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((char, at) => (upper[at] ? char.toUpperCase() : char)).join(""));

describe("the name of a function", () => {
  it.each([
    ["gitlab.com/cd/reconcile", "GitLab.com/cd/reconcile@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com:443/cd/reconcile@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com:00443/cd/reconcile@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com/cd/reconcile.git@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com/CD/Reconcile.GIT@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com/cd/reconcile/-/func.yml@v1"],
    ["gitlab.com/cd/reconcile", "gitlab.com/cd/reconcile/-/steps@v1"],
    ["gitlab.com:8443/cd/tools/-/deploy", "gitlab.com:08443/cd/tools.git/-/steps/deploy/step.yml@v1"],
    ["gitlab.com/cd/tools/-/deploy/other.yml", "gitlab.com/cd/tools/-/deploy/other.yml@v1"],
    ["10.0.0.1/cd/reconcile", "10.1/cd/reconcile@v1"],
    ["./functions/deploy", "././functions/deploy"],
    ["./functions/deploy", "./functions/x/../deploy"],
    ["./functions/deploy", ".//functions/deploy/"],
    ["./functions/deploy", "./a/b/../../functions/deploy"],
    [".", "./"],
    ["..", "./x/../.."],
    ["../repo/functions/deploy", "./../repo/functions/deploy"],
    ["builtin://emit", "builtin://emit"],
  ])("is %s for %s", (name, reference) => {
    expect(nameOfReference(reference)).toBe(name);
    expect(canonicalName(name)).toBe(name);
    expect(isGoverned(name, reference)).toBe(true);
  });

  it.each([
    ["GitLab.com:443/cd/*", "gitlab.com/cd/reconcile@v1"],
    ["gitlab.com/cd/*.git", "gitlab.com/cd/reconcile@v1"],
    ["gitlab.com/cd/tools.git/-/steps/*", "gitlab.com/cd/tools/-/deploy@v1"],
    ["./functions/./*", "./functions/deploy"],
    ["./functions/deploy/", "./functions/deploy"],
    ["*/Reconcile", "gitlab.com/cd/reconcile@v1"],
    ["builtin://*", "builtin://http"],
    ["*", "./x"],
  ])("is meant by the target %s: %s", (target, reference) => {
    expect(isGoverned(target, reference)).toBe(true);
  });

  it("is another one for another function", () => {
    for (const other of [
      "gitlab.com:8443/cd/reconcile@v1",
      "gitlab.org/cd/reconcile@v1",
      "gitlab.com/cd/reconcile.github@v1",
      "gitlab.com/cd/reconcile/-/x@v1",
      "gitlab.com/cd/reconcile/x@v1",
    ]) {
      expect(isGoverned("gitlab.com/cd/reconcile", other)).toBe(false);
    }
    expect(isGoverned("./functions/deploy", "../functions/deploy")).toBe(false);
  });

  it("keeps a version as it is, which a name in the catalog may have", () => {
    expect(canonicalNameAndVersion("GitLab.com/CD/x.git@Main")).toBe("gitlab.com/cd/x@Main");
    expect(canonicalNameAndVersion("GitLab.com/CD/x")).toBe("gitlab.com/cd/x");
    expect(canonicalNameAndVersion("./a@B/")).toBe("./a@b");
  });

  it("is one for all spellings of a repository that a runner fetches from one place, and so are its targets", () => {
    const spellings = fc
      .tuple(
        inAnyCase("git.example.com"),
        fc.constantFrom("", ":443", ":0443"),
        inAnyCase("/cd/reconcile"),
        fc.constantFrom("", ".git"),
        fc.constantFrom("", "/-/", "/-/func.yml", "/-/steps", "/-/steps/step.yml"),
      )
      .map((parts) => `${parts.join("")}@v1`);
    const targets = ["git.example.com/cd/reconcile", "git.example.com/cd/*", "*reconcile"];
    fc.assert(
      fc.property(spellings, spellings, (one, other) => {
        expect(parseFunctionReference(one).ok).toBe(true);
        expect(nameOfReference(one)).toBe(nameOfReference(other));
        const spelledAsTarget = one.slice(0, -"@v1".length);
        for (const target of [...targets, spelledAsTarget]) expect(isGoverned(target, other)).toBe(true);
      }),
    );
  });

  it("is one for all paths that a runner takes for the same folder, and no other's", () => {
    const path = fc
      .array(fc.constantFrom("a", "b", ".", "..", ""), { maxLength: 6 })
      .map((segments) => ["./", ...segments].join("/"));
    fc.assert(
      fc.property(path, path, (one, other) => {
        const isSame = resolve("/1/2/3/4/5/6/7", one) === resolve("/1/2/3/4/5/6/7", other);
        expect(nameOfReference(one) === nameOfReference(other)).toBe(isSame);
        expect(isGoverned(one, other)).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  it("stays what it is when it is read as a name again", () => {
    const piece = fc.constantFrom(
      "a",
      "A.git",
      ".git",
      "steps",
      "func.yml",
      "x.yml",
      "..",
      ".",
      "-",
      "*",
      "",
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("/"));
    fc.assert(
      fc.property(fc.constantFrom("git.test:443/", "./", "*", ""), text, (start, rest) => {
        const name = canonicalName(start + rest);
        expect(canonicalName(name)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });
});
