// From a version in a reference to a commit, given what a repository offers.
import semver from "semver";

export interface ChosenCommit {
  commit: string;
  /** The full name of the tag or branch; undefined for a commit named outright. */
  ref?: string;
}

/** What `git ls-remote` prints: full names to commits; an annotated tag counts as the commit it points to. */
export function parseRefs(listing: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of listing.split("\n")) {
    const [commit, name] = line.split("\t");
    if (!commit || !name) continue;
    // The peeled line `refs/tags/v1^{}` follows its tag and replaces the tag object by the commit.
    refs.set(name.replace(/\^\{\}$/, ""), commit);
  }
  return refs;
}

function newestOf(prefix: string, refs: Map<string, string>): string | undefined {
  const tags = [...refs.keys()].filter((ref) => ref.startsWith("refs/tags/"));
  const versions = new Map<string, string>();
  for (const ref of tags) {
    const version = semver.valid(ref.slice("refs/tags/".length));
    if (version !== null) versions.set(version, ref);
  }
  // Without pre-releases: nobody who writes v1 asks for v1.3.0-rc1.
  const newest = semver.maxSatisfying([...versions.keys()], `${prefix}.x`);
  return newest === null ? undefined : versions.get(newest);
}

/**
 * Chooses what `version` means: `v1` or `v1.2` the newest release below it; otherwise the tag, then the branch of
 * that name, then the commit. Undefined when there is none.
 */
export function chooseCommit(version: string, refs: Map<string, string>): ChosenCommit | undefined {
  if (/^[0-9a-f]{40}$/.test(version)) return { commit: version };
  const prefix = /^v?(\d+(?:\.\d+)?)$/.exec(version)?.[1];
  const newest = prefix === undefined ? undefined : newestOf(prefix, refs);
  for (const ref of [newest, `refs/tags/${version}`, `refs/heads/${version}`]) {
    const commit = ref === undefined ? undefined : refs.get(ref);
    if (commit !== undefined && ref !== undefined) return { commit, ref };
  }
  return undefined;
}
