// How a Function is named: what scripts pass as `step=`, what policy and catalog see as its name, and what
// `func:` says in func.yml. The formats are those of GitLab's function references.
import { canonicalName, isLocal } from "./function-name.ts";
import { ok, type Result, refuse } from "./result.ts";

export const MAX_REFERENCE_LENGTH = 500;
export const BUILTIN_SCHEME = "builtin://";

/** Where a Function lives. `version` is a tag, a branch, a commit, or a prefix such as `v1` of a semantic version. */
export type FunctionReference =
  | { kind: "builtin"; name: string }
  /** A path that starts with `./` or `../`, relative to where the reference is written. */
  | { kind: "local"; path: string }
  /**
   * `repository` is `host[:port]/path`; `dir` is inside it, "" for its root; `file` names a func.yml called otherwise.
   */
  | { kind: "git"; repository: string; dir: string; file?: string; version: string }
  | { kind: "oci"; repository: string; tag: string; dir: string; file?: string };

const hostPattern = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::[0-9]{1,5})?$/i;
const segmentPattern = /^(?!-)(?!\.{1,2}$)[A-Za-z0-9._~+-]+$/;
// What git accepts as a name, without what it would take for an option or a range.
const versionPattern = /^(?!-)(?!.*\.\.)(?!.*@\{)[A-Za-z0-9._/+-]+$/;
const filePattern = /\.ya?ml$/;

function fail(text: string, why: string): Result<never> {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return refuse("invalid_reference", `the function reference "${shown}" ${why}`);
}

function badSegment(path: string): string | undefined {
  return path.split("/").find((segment) => !segmentPattern.test(segment));
}

/** Splits `dir[/file.yml]`. */
function dirAndFile(path: string): { dir: string; file?: string } {
  const slash = path.lastIndexOf("/");
  const last = path.slice(slash + 1);
  return filePattern.test(last) ? { dir: path.slice(0, Math.max(slash, 0)), file: last } : { dir: path };
}

function parseGit(text: string): Result<FunctionReference> {
  const at = text.lastIndexOf("@");
  if (at < 0) {
    return fail(text, "names no version: add one, such as @v1, so that a run does not change under way");
  }
  const location = text.slice(0, at);
  const version = text.slice(at + 1);
  if (!versionPattern.test(version)) return fail(text, `has "${version}" for a version`);
  const separator = location.indexOf("/-/");
  const repository = separator < 0 ? location : location.slice(0, separator);
  const inside = separator < 0 ? "" : location.slice(separator + 3);
  const slash = repository.indexOf("/");
  const host = slash < 0 ? repository : repository.slice(0, slash);
  const path = slash < 0 ? "" : repository.slice(slash + 1);
  if (!hostPattern.test(host)) {
    return fail(text, "does not start with a host (gitlab.com/…), ./ for a local folder, or builtin://");
  }
  if (path === "") return fail(text, "names a host but no repository");
  const bad = badSegment(path) ?? (inside === "" ? undefined : badSegment(inside));
  if (bad !== undefined) return fail(text, `has the path segment "${bad}"`);
  return ok({ kind: "git", repository, version, ...dirAndFile(inside) });
}

/**
 * Reads a reference as scripts write it: `builtin://emit`, `./folder`, or `host/path[/-/dir[/file.yml]]@version`.
 * Refuses `invalid_reference` with what is wrong.
 */
export function parseFunctionReference(text: string): Result<FunctionReference> {
  if (text === "") return fail(text, "is empty");
  if (text.length > MAX_REFERENCE_LENGTH)
    return fail(text, `is longer than ${MAX_REFERENCE_LENGTH} characters`);
  if (text.startsWith(BUILTIN_SCHEME)) {
    const name = text.slice(BUILTIN_SCHEME.length);
    if (!/^[a-z][a-z0-9_/-]*$/.test(name)) return fail(text, "does not name a builtin");
    return ok({ kind: "builtin", name });
  }
  if (isLocal(text)) {
    if (text.includes("\\") || text.includes("\0")) return fail(text, "must use forward slashes");
    return ok({ kind: "local", path: text });
  }
  if (/^[a-z]+:\/\//i.test(text)) {
    return fail(text, "has a scheme: write host/path@version, it is fetched over HTTPS");
  }
  return parseGit(text);
}

/** What `func:` in func.yml may say instead of a text. */
export interface GitReferenceObject {
  git: { url: string; rev: string; dir?: string | undefined; file?: string | undefined };
}
export interface OciReferenceObject {
  oci: {
    registry: string;
    repository: string;
    tag: string;
    dir?: string | undefined;
    file?: string | undefined;
  };
}

/** Reads the object forms of func.yml: `{git: {url, rev, dir, file}}` and `{oci: {registry, repository, tag, …}}`. */
export function parseReferenceObject(
  value: GitReferenceObject | OciReferenceObject,
): Result<FunctionReference> {
  if ("oci" in value) {
    const { registry, repository, tag, dir, file } = value.oci;
    return ok({
      kind: "oci",
      repository: `${registry}/${repository}`,
      tag,
      dir: dir ?? "",
      ...(file === undefined ? {} : { file }),
    });
  }
  const { url, rev, dir, file } = value.git;
  const repository = url.replace(/^https:\/\//, "").replace(/\.git$/, "");
  const inside = [dir ?? "", file ?? ""].map((part) => part.replace(/^\.?\/|\/$/g, "")).filter(Boolean);
  const parsed = parseGit(`${repository}${inside.length > 0 ? `/-/${inside.join("/")}` : ""}@${rev}`);
  if (!parsed.ok || file === undefined || parsed.value.kind !== "git" || parsed.value.file) return parsed;
  return fail(`${url}@${rev}`, `has "${file}" for a file: it must end in .yml`);
}

/** The reference without its version, in one spelling: what the catalog knows a Function by, and targets match. */
export function functionName(reference: FunctionReference): string {
  switch (reference.kind) {
    case "builtin":
      return BUILTIN_SCHEME + reference.name;
    case "local":
      return canonicalName(reference.path);
    case "git":
    case "oci": {
      const inside = [reference.dir, reference.file ?? ""].filter(Boolean).join("/");
      return canonicalName(inside === "" ? reference.repository : `${reference.repository}/-/${inside}`);
    }
  }
}

/** The version a reference asks for; null where there is none to ask for. */
export function functionVersion(reference: FunctionReference): string | null {
  switch (reference.kind) {
    case "git":
      return reference.version;
    case "oci":
      return reference.tag;
    default:
      return null;
  }
}

/** The same of a reference as it was written. What is no reference is known by what it says. */
export function nameOfReference(reference: string): string {
  const parsed = parseFunctionReference(reference);
  return parsed.ok ? functionName(parsed.value) : reference;
}
