// Go anywhere by typing: views, workflows, environments, and the runs that are at hand.
import { Dialog } from "@base-ui/react/dialog";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Run } from "../api/client.ts";
import { environmentsQuery, workflowsQuery } from "../api/queries.ts";
import { views } from "./shortcuts.ts";

interface Choice {
  id: string;
  kind: string;
  name: string;
  go: () => void;
}
const MAX_SHOWN = 12;

export function CommandPalette({ onClose }: { onClose: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette" aria-label="Go to">
          <Palette onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What is called like the text, and last a search of all runs: those at hand are the newest only. */
function useChoices(text: string, onClose: () => void): Choice[] {
  const navigate = useNavigate();
  const client = useQueryClient();
  const workflows = useQuery(workflowsQuery).data?.workflows ?? [];
  const environments = useQuery(environmentsQuery).data?.environments ?? [];
  const runs = client
    .getQueriesData<{ pages: { runs: Run[] }[] }>({ queryKey: ["runs"] })
    .flatMap(([, data]) => data?.pages.flatMap((page) => page.runs) ?? []);
  const byId = new Map(runs.map((run) => [run.id, run]));
  const leave = (go: () => unknown) => () => {
    onClose();
    void go();
  };
  const wanted = text.trim();
  const words = wanted.toLowerCase().split(/\s+/);
  const atHand: Choice[] = [
    ...views.map(({ to, name }) => ({ id: to, kind: "View", name, go: leave(() => navigate({ to })) })),
    ...workflows.map(({ name }) => ({
      id: `workflow ${name}`,
      kind: "Workflow",
      name,
      go: leave(() => navigate({ to: "/workflows/$name", params: { name } })),
    })),
    ...environments.map(({ name }) => ({
      id: `environment ${name}`,
      kind: "Runs in",
      name,
      go: leave(() => navigate({ to: "/runs", search: { environment: name } })),
    })),
    ...[...byId.values()].map((run) => ({
      id: run.id,
      kind: "Run",
      name: `${run.workflow} ${run.event.subject ?? ""} ${run.state} ${run.id}`,
      go: leave(() => navigate({ to: "/runs/$id", params: { id: run.id } })),
    })),
  ];
  const found = atHand
    .filter(({ kind, name }) => words.every((word) => `${kind} ${name}`.toLowerCase().includes(word)))
    .slice(0, MAX_SHOWN);
  if (wanted === "") return found;
  const search = leave(() => navigate({ to: "/runs", search: { text: wanted } }));
  return [...found, { id: "search", kind: "Search", name: `runs for “${wanted}”`, go: search }];
}

function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = useChoices(text, onClose);
  const chosen = found[Math.min(at, found.length - 1)];
  return (
    <>
      <input
        role="combobox"
        aria-label="Go to"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={chosen ? `palette ${chosen.id}` : undefined}
        maxLength={200}
        placeholder="Views, workflows, environments, runs…"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") chosen?.go();
          else return;
          event.preventDefault();
        }}
      />
      <div role="listbox" id="palette-list" aria-label="Found">
        {found.map((choice) => (
          <div
            key={choice.id}
            id={`palette ${choice.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            onClick={choice.go}
            onKeyDown={(event) => event.key === "Enter" && choice.go()}
          >
            <span className="quiet">{choice.kind}</span> {choice.name}
          </div>
        ))}
      </div>
    </>
  );
}
