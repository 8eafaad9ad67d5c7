// The program the run executes, with what it has called so far.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Activity } from "../../api/client.ts";
import { isOpen, sourceQuery } from "../../api/queries.ts";
import { CodeView, type LineMark } from "../../parts/code-view.tsx";
import { Problem } from "../../parts/problem.tsx";
import { span } from "../../parts/span.ts";
import { toneOf } from "../../parts/state.tsx";

export default function RunScript({
  id,
  activities,
  command,
}: {
  id: string;
  /** Those whose calls are marked. */
  activities: readonly Activity[];
  command?: string | undefined;
}) {
  const { data, error, refetch } = useQuery(sourceQuery(id));
  const [chosen, setChosen] = useState<string>();
  const selected = activities.find((activity) => activity.command === command);
  const file = chosen ?? selected?.position.file ?? data?.entry ?? "";
  const open = useOpen();
  const marks = useMemo(() => marksOf(activities, file, command, open), [activities, file, command, open]);
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!data) return <p className="quiet pad">Reading the script…</p>;
  const names = Object.keys(data.files);
  return (
    <section aria-label="Script">
      {names.length > 1 && (
        <div className="filters">
          {names.map((name) => (
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
      )}
      <CodeView text={data.files[file] ?? ""} name={file} marks={marks} />
    </section>
  );
}

/** Opens an activity beside the timeline; the same function each time, so that marks stay what they are. */
function useOpen(): (command: string) => () => void {
  const navigate = useNavigate({ from: "/runs/$id" });
  const known = useRef(new Map<string, () => void>());
  return useCallback(
    (command: string) => {
      const made =
        known.current.get(command) ??
        (() => void navigate({ search: (before) => ({ ...before, tab: "timeline", command }) }));
      known.current.set(command, made);
      return made;
    },
    [navigate],
  );
}

function marksOf(
  activities: readonly Activity[],
  file: string,
  command: string | undefined,
  open: (command: string) => () => void,
): LineMark[] {
  const byLine = new Map<number, Activity[]>();
  for (const activity of activities) {
    if (activity.position.file !== file) continue;
    const { line } = activity.position;
    const calls = byLine.get(line);
    if (calls) calls.push(activity);
    else byLine.set(line, [activity]);
  }
  return [...byLine].flatMap(([line, calls]): LineMark[] => {
    // Of several calls of one line: the chosen one, one that is under way, or the last.
    const shown = calls.find((call) => call.command === command) ?? calls.find(isOpen) ?? calls.at(-1);
    if (!shown) return [];
    const { scheduledAt, finishedAt, state } = shown;
    const took = finishedAt === undefined ? "" : ` ${span(finishedAt - scheduledAt)}`;
    const times = calls.length > 1 ? ` ×${calls.length}` : "";
    return [
      {
        line,
        isCurrent: isOpen(shown),
        isChosen: shown.command === command,
        text: `${state}${took}${times}`,
        tone: toneOf(state),
        onOpen: open(shown.command),
      },
    ];
  });
}
