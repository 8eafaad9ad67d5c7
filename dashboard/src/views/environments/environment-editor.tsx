// Creates an environment or changes its settings.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Environment } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Problem } from "../../parts/problem.tsx";

const tiers = ["production", "staging", "development"] as const;
const risks = ["low", "medium", "high", "critical"] as const;

const examples = {
  labels: `{ "team": "payments" }`,
  targets: `[{ "function": "gitlab.com/cd/*", "inputs": { "app": "*-production" } }]`,
  freezes: `[{ "name": "holidays", "from": "2026-12-24T00:00:00Z", "to": "2027-01-02T00:00:00Z", "reason": "" }]`,
};

/** What a field holds, as JSON. Throws, naming the field. */
function jsonIn(form: FormData, name: keyof typeof examples): never {
  try {
    return JSON.parse(String(form.get(name))) as never;
  } catch (fault) {
    throw new Error(`The ${name} are no JSON: ${(fault as Error).message}`);
  }
}

export function EnvironmentEditor({
  environment,
  onDone,
}: {
  environment?: Environment;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = environment?.name ?? String(form.get("name"));
    setError(undefined);
    try {
      const body = {
        tier: form.get("tier") as Environment["tier"],
        risk: form.get("risk") as (typeof risks)[number],
        labels: jsonIn(form, "labels"),
        targets: jsonIn(form, "targets"),
        freezes: jsonIn(form, "freezes"),
      };
      await answered(api.PUT("/v1/environments/{name}", { params: { path: { name } }, body }));
      void client.invalidateQueries({ queryKey: ["environments"] });
      onDone();
    } catch (refused) {
      setError(refused);
    }
  };
  const { labels = {}, targets = [], freezes = [] } = environment ?? {};
  return (
    <form className="fields" onSubmit={(event) => void submit(event)}>
      {!environment && (
        <label>
          Name
          <input name="name" required maxLength={64} />
        </label>
      )}
      <div className="field-row">
        <label>
          Tier
          <select name="tier" defaultValue={environment?.tier ?? "development"}>
            {tiers.map((tier) => (
              <option key={tier}>{tier}</option>
            ))}
          </select>
        </label>
        <label>
          Risk
          <select name="risk" defaultValue={environment?.risk ?? "medium"}>
            {risks.map((risk) => (
              <option key={risk}>{risk}</option>
            ))}
          </select>
        </label>
      </div>
      {Object.entries({ labels, targets, freezes }).map(([name, value]) => (
        <label key={name}>
          <span className="capital">{name}</span>
          <textarea name={name} rows={3} spellCheck={false} defaultValue={JSON.stringify(value, null, 2)} />
          <span className="quiet small">
            Such as <code>{examples[name as keyof typeof examples]}</code>
          </span>
        </label>
      ))}
      {error !== undefined && <Problem error={error} />}
      <div className="actions">
        <button type="submit" className="button primary">
          Save
        </button>
        <button type="button" className="button" onClick={onDone}>
          Leave it
        </button>
      </div>
    </form>
  );
}
