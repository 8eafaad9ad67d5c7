// Environments: what they are, what is deployed there, and, for administrators, their settings.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Environment } from "../api/client.ts";
import { answered, api } from "../api/client.ts";
import { environmentsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { Ago } from "../parts/time.tsx";
import { Tree } from "../parts/tree.tsx";
import { useMay } from "../session.ts";

const tiers = ["production", "staging", "development"] as const;
const risks = ["low", "medium", "high", "critical"] as const;

export function Environments() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const [edited, setEdited] = useState<string>();
  const mayEdit = useMay("admin");
  return (
    <Page
      title="Environments"
      aside={
        mayEdit && (
          <button type="button" className="button" onClick={() => setEdited("")}>
            New environment
          </button>
        )
      }
    >
      {error && <Problem error={error} retry={() => void refetch()} />}
      {edited === "" && <Editor onDone={() => setEdited(undefined)} />}
      {data?.environments.length === 0 && edited === undefined && (
        <Empty title="There is no environment yet.">
          <p>
            An environment has a tier and a risk, which policy decides by, and targets, which say what touches
            it.
          </p>
        </Empty>
      )}
      {data?.environments.map((environment) => (
        <article key={environment.name} className="card environment" aria-label={environment.name}>
          <header>
            <h2>{environment.name}</h2>
            <span>{environment.tier}</span>
            <span className="quiet">{environment.risk} risk</span>
            <Link to="/runs" search={{ environment: environment.name }}>
              Its runs
            </Link>
            {mayEdit && (
              <button type="button" className="button" onClick={() => setEdited(environment.name)}>
                Edit
              </button>
            )}
          </header>
          {edited === environment.name ? (
            <Editor environment={environment} onDone={() => setEdited(undefined)} />
          ) : (
            <Settings environment={environment} />
          )}
        </article>
      ))}
    </Page>
  );
}

function Settings({ environment }: { environment: Environment }) {
  const { deployments, freezes, labels, targets } = environment;
  return (
    <>
      {deployments.length === 0 && <p className="quiet">Nothing is deployed here yet.</p>}
      {deployments.map(({ app, revision, run, by, at }) => (
        <div key={app} className="deployment">
          <span className="deployment-app">{app}</span>
          <Link to="/runs/$id" params={{ id: run }} className="mono">
            {revision}
          </Link>
          <span className="quiet">
            <Ago at={at} /> by {by}
          </span>
        </div>
      ))}
      <Tree name="settings" value={{ labels, targets, freezes }} isOpen={false} />
    </>
  );
}

function Editor({ environment, onDone }: { environment?: Environment; onDone: () => void }) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = environment?.name ?? String(form.get("name"));
    setError(undefined);
    try {
      const rest = JSON.parse(String(form.get("rest"))) as Pick<
        Environment,
        "labels" | "targets" | "freezes"
      >;
      const body = {
        tier: form.get("tier") as Environment["tier"],
        risk: form.get("risk") as (typeof risks)[number],
        ...rest,
      };
      await answered(api.PUT("/v1/environments/{name}", { params: { path: { name } }, body }));
      void client.invalidateQueries({ queryKey: ["environments"] });
      onDone();
    } catch (refused) {
      setError(
        refused instanceof SyntaxError ? new Error(`The settings are no JSON: ${refused.message}`) : refused,
      );
    }
  };
  const { labels = {}, targets = [], freezes = [] } = environment ?? {};
  return (
    <form className="card form-card" onSubmit={(event) => void submit(event)}>
      {!environment && (
        <label>
          Name
          <input name="name" required maxLength={64} />
        </label>
      )}
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
      <label>
        Labels, targets and freeze windows
        <textarea
          name="rest"
          rows={8}
          spellCheck={false}
          defaultValue={JSON.stringify({ labels, targets, freezes }, null, 2)}
        />
      </label>
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
