// The program the run executes, with what it has called so far.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { RunDetail } from "../../api/client.ts";
import { isOpen, sourceQuery } from "../../api/queries.ts";
import { CodeView, type LineMark } from "../../parts/code-view.tsx";
import { Problem } from "../../parts/problem.tsx";
import { titleOf } from "./timeline.tsx";

export default function RunScript({ run }: { run: RunDetail }) {
  const { data, error, refetch } = useQuery(sourceQuery(run.id));
  const [chosen, setChosen] = useState<string>();
  const navigate = useNavigate({ from: "/runs/$id" });
  const file = chosen ?? data?.entry ?? "";
  const { activities } = run;
  const marks = useMemo(() => {
    const byLine = new Map<number, LineMark>();
    for (const activity of activities) {
      if (activity.position.file !== file) continue;
      const { line } = activity.position;
      const isCurrent = isOpen(activity);
      // Of several calls of one line, one that is under way is the one to see.
      if (byLine.get(line)?.isCurrent && !isCurrent) continue;
      byLine.set(line, {
        line,
        isCurrent,
        title: `${titleOf(activity)}: ${activity.state}`,
        onOpen: () => void navigate({ search: { tab: "timeline", command: activity.command } }),
      });
    }
    return [...byLine.values()];
  }, [activities, file, navigate]);
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return <p className="quiet pad">Reading the script…</p>;
  return (
    <section aria-label="Script">
      <div className="filters">
        {Object.keys(data.files).map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={name === file}
            onClick={() => setChosen(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <CodeView text={data.files[file] ?? ""} name={file} marks={marks} />
    </section>
  );
}
