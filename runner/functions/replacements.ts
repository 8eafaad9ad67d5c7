// Replacement rules: where a runner looks for a Function instead of where its reference says, like `replace` in
// go.mod. `gitlab.com/cd=./functions/cd` serves gitlab.com/cd/reconcile@v1 from ./functions/cd/reconcile.
import { isAbsolute, resolve } from "node:path";
import type { FunctionReference } from "../../src/protocol/function-reference.ts";

export interface Replacement {
  /** A repository or the beginning of one, up to a slash. */
  prefix: string;
  /** A folder, in which the rest of the reference names a sub-folder; or the beginning of a Git URL. */
  target: { folder: string } | { url: string };
}

const gitUrl = /^(https?|ssh|file):\/\/|^[\w.-]+@[\w.-]+:/;

/**
 * Reads a rule `prefix=target`. A target that starts with `./`, `../` or `/` is a folder, relative to
 * `base`; one with a scheme is a Git URL.
 *
 * @throws Error saying what is wrong with the rule
 */
export function parseReplacement(rule: string, base: string): Replacement {
  const equals = rule.indexOf("=");
  const prefix = rule.slice(0, Math.max(equals, 0)).replace(/\/+$/, "");
  const target = rule.slice(equals + 1);
  if (prefix === "" || target === "") {
    throw new Error(
      `the replacement "${rule}" must be PREFIX=TARGET, for example gitlab.com/cd=./functions/cd`,
    );
  }
  if (gitUrl.test(target)) return { prefix, target: { url: target.replace(/\/+$/, "") } };
  if (isAbsolute(target) || /^\.{1,2}(\/|$)/.test(target)) {
    return { prefix, target: { folder: resolve(base, target) } };
  }
  throw new Error(`the target of the replacement "${rule}" must be a folder (./…, ../… or /…) or a Git URL`);
}

export type Replaced =
  | { kind: "folder"; root: string; inside: string }
  | { kind: "url"; url: string; dir: string };

/** Applies the rule with the longest prefix that the repository starts with; undefined when none does. */
export function replace(
  reference: FunctionReference & { kind: "git" },
  replacements: readonly Replacement[],
): Replaced | undefined {
  const { repository, dir } = reference;
  const [best] = replacements
    .filter(({ prefix }) => repository === prefix || repository.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  if (!best) return undefined;
  const rest = repository.slice(best.prefix.length + 1);
  if ("url" in best.target) {
    return { kind: "url", url: rest === "" ? best.target.url : `${best.target.url}/${rest}`, dir };
  }
  return { kind: "folder", root: best.target.folder, inside: [rest, dir].filter(Boolean).join("/") };
}
