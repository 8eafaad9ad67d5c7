// Starts a workflow by hand: with the fields that it declares, or with any JSON where it declares none.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import type { FormField } from "../../../../src/protocol/form.ts";
import { answered, api } from "../../api/client.ts";
import { startQueueQuery } from "../../api/queries.ts";
import { Fields, faultsOf, valuesOf } from "../../parts/fields.tsx";
import { Problem } from "../../parts/problem.tsx";
import { JsonInput, jsonFault } from "./json-input.tsx";

export function StartForm({
  workflow,
  fields,
}: {
  workflow: string;
  fields: readonly FormField[] | undefined;
}) {
  return fields ? (
    <StartWithFields workflow={workflow} fields={fields} />
  ) : (
    <StartWithJson workflow={workflow} />
  );
}

function StartWithFields({ workflow, fields }: { workflow: string; fields: readonly FormField[] }) {
  const start = useStart(workflow);
  return (
    <Card
      start={start}
      className="start-fields"
      inputOf={(form) => valuesOf(fields, new FormData(form))}
      canStart={true}
    >
      <Fields fields={fields} faults={faultsOf(start.error, "/input")} />
    </Card>
  );
}

function StartWithJson({ workflow }: { workflow: string }) {
  const start = useStart(workflow);
  const [text, setText] = useState("null");
  const fault = jsonFault(text);
  return (
    <Card start={start} inputOf={() => JSON.parse(text)} canStart={fault === undefined}>
      <JsonInput text={text} fault={fault} onChange={setText} />
    </Card>
  );
}

function Card({
  start,
  inputOf,
  canStart,
  className,
  children,
}: {
  start: ReturnType<typeof useStart>;
  inputOf(form: HTMLFormElement): unknown;
  canStart: boolean;
  className?: string;
  children: ReactNode;
}) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (canStart) void start.begin(inputOf(event.currentTarget));
  };
  return (
    <details className="card form-card">
      <summary>Start a run</summary>
      <form onSubmit={submit} onChange={start.changed} className={className}>
        {children}
        {start.error !== undefined && <Problem error={start.error} />}
        {start.waiting !== undefined && (
          <p role="status">
            It starts when its turn comes: it {start.waiting}. Below, among what waits, it can be taken back.
          </p>
        )}
        <div className="actions">
          <button type="submit" className="button primary" disabled={!canStart || start.isStarting}>
            Start
          </button>
        </div>
      </form>
    </details>
  );
}

/** Starts a run and goes to it; to one that has to wait there is nowhere to go yet. */
function useStart(workflow: string) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [waiting, setWaiting] = useState<string>();
  const [error, setError] = useState<unknown>();
  // The same start, should the answer be lost and the button pressed again: one run.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [isStarting, setStarting] = useState(false);
  const begin = async (input: unknown) => {
    setError(undefined);
    setWaiting(undefined);
    setStarting(true);
    try {
      const { run, waiting: waits } = await answered(
        api.POST("/v1/workflows/{name}/runs", {
          params: { path: { name: workflow }, header: { "idempotency-key": key } },
          body: { input },
        }),
      );
      if (!waits) {
        await navigate({ to: "/runs/$id", params: { id: run } });
        return;
      }
      setWaiting(waits.reason);
      setKey(crypto.randomUUID());
      setStarting(false);
      void client.invalidateQueries({ queryKey: startQueueQuery.queryKey });
    } catch (refused) {
      setError(refused);
      setStarting(false);
    }
  };
  const changed = () => {
    setKey(crypto.randomUUID());
    setWaiting(undefined);
  };
  return { begin, changed, error, isStarting, waiting };
}
