// One workflow: what starts it, what waits to start, its versions, and their source.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { FormField } from "../../../src/protocol/form.ts";
import { ApiError } from "../api/client.ts";
import { versionQuery, workflowQuery } from "../api/queries.ts";
import { CodeView } from "../parts/code-view.tsx";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { useMay } from "../session.ts";
import { StartForm } from "./workflow/start-form.tsx";
import { StartQueue } from "./workflow/start-queue.tsx";
import { isByName } from "./workflow/trigger-words.ts";
import { Triggers } from "./workflow/triggers.tsx";
import { Changes, Versions } from "./workflow/versions.tsx";

const route = getRouteApi("/workflows/$name");

export function WorkflowPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const { data, error, refetch } = useQuery(workflowQuery(name));
  const isUnknown = error instanceof ApiError && error.code === "unknown_workflow";
  const mayStart = useMay("operator");
  const shown = version ?? data?.version;
  const byName = data?.triggers.find(isByName);
  return (
    <Page
      title={name}
      aside={
        <Link to="/runs" search={{ workflow: name }}>
          Its runs
        </Link>
      }
    >
      {isUnknown && (
        <Empty title={`There is no workflow ${name}.`}>
          <p>
            It may have been removed. <Link to="/workflows">All workflows</Link>
          </p>
        </Empty>
      )}
      {error && !isUnknown && <Problem error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <p className="quiet">
            Version {data.version}, <Ago at={data.updatedAt} />, digest{" "}
            <span className="mono">{data.digest.slice(0, 12)}</span>
          </p>
          {mayStart && byName && (
            <StartForm key={data.version} workflow={name} fields={byName.inputs as FormField[] | undefined} />
          )}
          <h2>Triggers</h2>
          <Triggers workflow={name} triggers={data.triggers} />
          <StartQueue workflow={name} />
        </>
      )}
      {!isUnknown && <Versions name={name} shown={shown} />}
      {!isUnknown && shown !== undefined && (
        <>
          <Changes name={name} version={shown} />
          <Source name={name} version={shown} isCurrent={shown === data?.version} />
        </>
      )}
    </Page>
  );
}

function Source({ name, version, isCurrent }: { name: string; version: number; isCurrent: boolean }) {
  const { file } = route.useSearch();
  const { data, error, refetch } = useQuery(versionQuery(name, version));
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return null;
  const { files, entry } = data.program;
  const chosen = file !== undefined && Object.hasOwn(files, file) ? file : entry;
  return (
    <section aria-labelledby="source">
      <h2 id="source">Source{!isCurrent && ` of version ${version}`}</h2>
      <div className="filters">
        {Object.keys(files).map((candidate) => (
          <Link
            key={candidate}
            to="/workflows/$name"
            params={{ name }}
            search={(before) => ({ ...before, file: candidate })}
            replace
            resetScroll={false}
            className="chip"
            aria-current={candidate === chosen ? "true" : undefined}
          >
            {candidate}
          </Link>
        ))}
      </div>
      <CodeView text={files[chosen] ?? ""} name={chosen} />
    </section>
  );
}
