// What the list of runs is narrowed by; the address keeps it.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Run } from "../../api/client.ts";
import type { RunFilter } from "../../api/queries.ts";
import { environmentsQuery, workflowsQuery } from "../../api/queries.ts";
import { FilterField, SearchField, TimeFields } from "../../parts/filters.tsx";

const states: Run["state"][] = ["running", "waiting", "succeeded", "failed", "cancelled", "stuck"];

export function RunFilters({ filter }: { filter: RunFilter }) {
  const navigate = useNavigate({ from: "/runs" });
  const set = (change: Partial<Record<keyof RunFilter, unknown>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as RunFilter, replace: true });
  const choices: Record<string, string[] | undefined> = {
    workflow: useQuery(workflowsQuery).data?.workflows.map(({ name }) => name),
    environment: useQuery(environmentsQuery).data?.environments.map(({ name }) => name),
  };
  return (
    <search className="filters">
      <SearchField label="Search runs" value={filter.text ?? ""} onChange={(text) => set({ text })} />
      <fieldset className="chips">
        <legend className="sr">State</legend>
        {states.map((state) => {
          const isOn = filter.state?.includes(state) ?? false;
          const rest = (filter.state ?? []).filter((other) => other !== state);
          return (
            <button
              key={state}
              type="button"
              className="chip"
              aria-pressed={isOn}
              onClick={() => set({ state: isOn ? rest : [...rest, state] })}
            >
              {state}
            </button>
          );
        })}
      </fieldset>
      {(["workflow", "environment", "initiator", "label"] as const).map((name) => (
        <FilterField
          key={name}
          name={name}
          placeholder={name === "label" ? "label: key=value" : name}
          value={filter[name] ?? ""}
          choices={choices[name]}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      <TimeFields from={filter.from} to={filter.to} onChange={set} />
      {Object.keys(filter).length > 0 && (
        <Link to="/runs" className="quiet">
          Clear
        </Link>
      )}
    </search>
  );
}
