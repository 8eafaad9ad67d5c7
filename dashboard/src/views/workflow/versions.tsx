// A workflow's history, and what a version changed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { structuredPatch } from "diff";
import { versionQuery, versionsQuery } from "../../api/queries.ts";
import { Problem } from "../../parts/problem.tsx";
import { Ago } from "../../parts/time.tsx";

export function Versions({ name, shown }: { name: string; shown: number | undefined }) {
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery(versionsQuery(name));
  const versions = data?.pages.flatMap((page) => page.versions) ?? [];
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      {error && <Problem error={error} />}
      <ol className="card list plain">
        {versions.map(({ version, digest, by, at }) => (
          <li key={version} className="version-row">
            {digest === undefined ? (
              <span>Version {version}: removed</span>
            ) : (
              <Link
                to="/workflows/$name"
                params={{ name }}
                search={{ version }}
                resetScroll={false}
                aria-current={version === shown ? "true" : undefined}
              >
                Version {version}
              </Link>
            )}
            <span className="mono quiet">{digest?.slice(0, 12)}</span>
            <span className="quiet">
              <Ago at={at} /> by {by}
            </span>
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          Older versions
        </button>
      )}
    </section>
  );
}

/** What this version changed, against the newest before it that had a program. */
export function Changes({ name, version }: { name: string; version: number }) {
  const { data: history } = useInfiniteQuery(versionsQuery(name));
  const before = history?.pages
    .flatMap((page) => page.versions)
    .find((one) => one.version < version && one.digest !== undefined)?.version;
  const after = useQuery(versionQuery(name, version));
  const old = useQuery({ ...versionQuery(name, before ?? 0), enabled: before !== undefined });
  if (before === undefined || !after.data || !old.data) return null;
  const [from, to] = [old.data.program.files, after.data.program.files];
  const files = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
    (file) => from[file] !== to[file],
  );
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">
        Changes of version {version} against {before}
      </h2>
      {files.length === 0 && <p className="quiet">The programs are the same.</p>}
      {files.map((file) => (
        <FileChanges key={file} file={file} from={from[file]} to={to[file]} />
      ))}
    </section>
  );
}

const kinds: Record<string, string> = { "+": "added", "-": "removed" };

function FileChanges({ file, from, to }: { file: string; from: string | undefined; to: string | undefined }) {
  const { hunks } = structuredPatch(file, file, from ?? "", to ?? "", "", "", { context: 3 });
  const what = from === undefined ? ", new" : to === undefined ? ", removed" : "";
  return (
    <details className="card diff" open>
      <summary className="mono">
        {file}
        {what}
      </summary>
      {hunks.map(({ oldStart, newStart, lines }) => (
        <pre key={`${oldStart} ${newStart}`}>
          <span className="quiet">
            from line {newStart}
            {"\n"}
          </span>
          {lines.map((line, index) => {
            const kind = kinds[line[0] ?? ""];
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a hunk stay where they are
              <span key={index} className={kind ? `diff-${kind}` : undefined}>
                {kind && <span className="sr">{kind}: </span>}
                {line}
                {"\n"}
              </span>
            );
          })}
        </pre>
      ))}
    </details>
  );
}
