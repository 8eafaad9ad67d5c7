// One workflow: its triggers and its source.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { workflowQuery } from "../api/queries.ts";
import { CodeView } from "../parts/code-view.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { Tree } from "../parts/tree.tsx";

const route = getRouteApi("/workflows/$name");

export function WorkflowPage() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(workflowQuery(name));
  const [chosen, setChosen] = useState<string>();
  const file = chosen ?? data?.program.entry ?? "";
  return (
    <Page
      title={name}
      aside={
        <Link to="/runs" search={{ workflow: name }}>
          Its runs
        </Link>
      }
    >
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <p className="quiet">
            Version {data.version}, <Ago at={data.updatedAt} />, digest{" "}
            <span className="mono">{data.digest.slice(0, 12)}</span>
          </p>
          <h2>Triggers</h2>
          {data.triggers.length === 0 && (
            <p className="quiet">It has none: other workflows may load or start it.</p>
          )}
          <div className="cards">
            {data.triggers.map((trigger) => (
              <div key={trigger.id} className="card">
                <Tree name={trigger.type} value={trigger} isOpen={false} />
              </div>
            ))}
          </div>
          <h2>Source</h2>
          <div className="filters">
            {Object.keys(data.program.files).map((candidate) => (
              <button
                key={candidate}
                type="button"
                className="chip"
                aria-pressed={candidate === file}
                onClick={() => setChosen(candidate)}
              >
                {candidate}
              </button>
            ))}
          </div>
          <CodeView text={data.program.files[file] ?? ""} name={file} />
        </>
      )}
    </Page>
  );
}
