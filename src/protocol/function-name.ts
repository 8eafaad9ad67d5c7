// The one name that a Function has however its reference is spelled: what targets govern it by, and what the catalog
// and policy know it by. Two references that a runner takes for the same Function must not have two names, or a call
// leaves its environment by another spelling. Two Functions that share a name are governed alike, which is harmless:
// so case does not count (most servers and some file systems ignore it), and no more is asked of a path than it says.

const LOCAL = /^\.{1,2}(?:\/|$)/;
/** As the pattern of references has it, and with the stars of a glob. */
const HOST = /^[a-z0-9.*-]+(?::[0-9]+)?$/;
/** What a runner looks for in a folder that is named without a file. */
const DEFAULT_FILES: readonly string[] = ["func.yml", "step.yml"];
/** Where a runner looks for a folder that is not at the root: GitLab's older layout. */
const OLDER_FOLDER = "steps";

/** True for a path that is relative to where it is written. */
export function isLocal(reference: string): boolean {
  return LOCAL.test(reference);
}

/**
 * The name of a Function from its reference without the version, as somebody spelled it; a glob over such references
 * is one over names, then.
 */
export function canonicalName(spelled: string): string {
  const text = spelled.toLowerCase();
  if (isLocal(text)) return canonicalPath(text);
  const separator = text.indexOf("/-/");
  if (separator < 0) return canonicalRepository(text);
  const repository = canonicalRepository(text.slice(0, separator));
  const inside = canonicalInside(text.slice(separator + 3).split("/"));
  return inside === "" ? repository : `${repository}/-/${inside}`;
}

/** The same for what may end in a version (`host/path@v1.2.0`), which stays as it is. */
export function canonicalNameAndVersion(spelled: string): string {
  const at = isLocal(spelled) ? -1 : spelled.lastIndexOf("@");
  return at < 0 ? canonicalName(spelled) : canonicalName(spelled.slice(0, at)) + spelled.slice(at);
}

/** The path a runner comes to; one that leads above where it starts keeps its `..`, which a runner refuses. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    const isBack = segment === ".." && segments.length > 0 && segments.at(-1) !== "..";
    if (isBack) segments.pop();
    else segments.push(segment);
  }
  return (segments[0] === ".." ? segments : [".", ...segments]).join("/");
}

function canonicalRepository(repository: string): string {
  const slash = repository.indexOf("/");
  const host = slash < 0 ? repository : repository.slice(0, slash);
  const path = slash < 0 ? "" : repository.slice(slash);
  return (canonicalHost(host) + path).replace(/(?:\/|\.git)+$/, "");
}

/** As it stands in the URL that is fetched: without the default port, a number as the address that it is. */
function canonicalHost(host: string): string {
  const url = `https://${host}`;
  return HOST.test(host) && URL.canParse(url) ? new URL(url).host : host;
}

function canonicalInside(segments: string[]): string {
  const first = segments.findIndex((segment) => segment !== "" && segment !== OLDER_FOLDER);
  if (first < 0) return "";
  const last = segments.findLastIndex((segment) => segment !== "" && !DEFAULT_FILES.includes(segment));
  return segments.slice(first, last + 1).join("/");
}
